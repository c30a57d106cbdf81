import * as z from "zod";

import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** kill -9 of the agent's process; it comes back with the step `restart`. */
export const kill = stepKind(
  z.strictObject({
    step: z.literal("kill"),
    agent: agentName,
  }),
  ({ agent }) => `${agent} is killed`,
);
