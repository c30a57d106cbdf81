import * as z from "zod";

import { stepKind } from "./step-kind.ts";

/** Somebody who listens between hub and spoke sends commands that the hub did not send, or not now. */
export const forgeCommands = stepKind(
  z.strictObject({ step: z.literal("forge-commands") }),
  () => "somebody forges the hub's commands",
);
