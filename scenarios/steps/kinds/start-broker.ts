import * as z from "zod";

import { stepKind } from "./step-kind.ts";

/** Starts the broker, or one that was killed again, in the same place. */
export const startBroker = stepKind(
  z.strictObject({
    step: z.literal("start-broker"),
  }),
  () => "start the broker",
);
