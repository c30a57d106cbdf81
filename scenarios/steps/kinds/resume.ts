import * as z from "zod";

import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** The owner lets the agent go on. */
export const resume = stepKind(
  z.strictObject({
    step: z.literal("resume"),
    agent: agentName,
  }),
  ({ agent }) => `${agent} resumes`,
);
