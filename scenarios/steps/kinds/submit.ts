import * as z from "zod";

import { limits } from "../../../foundation/limits.ts";
import { misbehaviours } from "../../jobs/behaviours.ts";
import { stepKind } from "./step-kind.ts";

/** Submits jobs; a batch may grow by several steps. */
export const submit = stepKind(
  z.strictObject({
    step: z.literal("submit"),
    /** The jobs' name, by which later steps and checkers tell them apart. */
    batch: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
    jobs: z.int().min(1).max(limits.jobsPerRunMax),
    units: z.int().min(1),
    unitCpuMs: z.number().positive(),
    children: z.int().min(0).max(16),
    /** What they do beside their work, and should not. */
    behaviour: z.enum(misbehaviours).optional(),
  }),
  ({ jobs, batch, behaviour }) =>
    `submit ${jobs} jobs (${batch})${behaviour === undefined ? "" : `, with ${behaviour}`}`,
);
