import * as z from "zod";

import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** The operator cancels so many jobs of a batch that an agent holds; what comes of that is waited for by other steps. */
export const cancel = stepKind(
  z.strictObject({ step: z.literal("cancel"), batch: z.string(), agent: agentName, jobs: z.int().min(1) }),
  ({ batch, agent, jobs }) => `${jobs} jobs (${batch}) that ${agent} holds are cancelled`,
);
