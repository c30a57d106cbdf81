import * as z from "zod";

import { agentName, Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Until so many sandboxes of the agent run at once and each has reported some progress. */
export const awaitBusy = stepKind(
  z.strictObject({
    step: z.literal("await-busy"),
    agent: agentName,
    sandboxes: z.int().min(1),
    withinMs: Ms,
  }),
  ({ sandboxes, agent }) => `wait until ${sandboxes} sandboxes of ${agent} make progress`,
);
