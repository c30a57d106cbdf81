import * as z from "zod";

import { agentName, Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Until the agent has gone on by itself. */
export const awaitQuiet = stepKind(
  z.strictObject({
    step: z.literal("await-quiet"),
    agent: agentName,
    withinMs: Ms,
  }),
  ({ agent }) => `wait until ${agent} goes on by itself`,
);
