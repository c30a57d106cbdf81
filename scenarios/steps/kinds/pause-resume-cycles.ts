import * as z from "zod";

import { limits } from "../../../foundation/limits.ts";
import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Pauses and resumes as fast as they are answered. */
export const pauseResumeCycles = stepKind(
  z.strictObject({
    step: z.literal("pause-resume-cycles"),
    agent: agentName,
    cycles: z.int().min(1).max(limits.cyclesMax),
  }),
  ({ agent, cycles }) => `${agent} pauses and resumes ${cycles} times`,
);
