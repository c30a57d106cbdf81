import * as z from "zod";

import { agentName, Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Watches the paused agent's processes for so long. */
export const watchFrozen = stepKind(
  z.strictObject({
    step: z.literal("watch-frozen"),
    agent: agentName,
    forMs: Ms,
  }),
  ({ agent, forMs }) => `watch ${agent}'s frozen processes for ${forMs} ms`,
);
