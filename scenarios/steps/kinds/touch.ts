import * as z from "zod";

import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** The owner of an agent that watches files touches one of them; unless it stands still already, it has to. */
export const touch = stepKind(
  z.strictObject({
    step: z.literal("touch"),
    agent: agentName,
  }),
  ({ agent }) => `${agent}'s owner touches a file`,
);
