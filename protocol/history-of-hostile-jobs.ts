import * as z from "zod";

import { AgentId } from "./identifiers.ts";
import { attributionTargets, evidenceKinds } from "./residue-report.ts";

/** What the harness sees, from outside, of jobs that do what they should not. */
export const hostileJobHistory = {
  /** So many jobs of an agent misbehave at this moment, in so many processes; `detail` says by what that is seen. */
  "witness.misbehaviour": z.object({
    agentId: AgentId,
    behaviour: z.string(),
    jobs: z.int().min(0),
    processes: z.int().min(0),
    detail: z.string(),
  }),
  /** Of all processes that were seen of an agent's jobs, so many are there still, whoever they belong to by now; EG-2. */
  "witness.outlived": z.object({
    agentId: AgentId,
    watched: z.int().min(0),
    left: z.int().min(0),
    detail: z.string(),
  }),
  /** Whether what an agent's jobs tried to reach outside their workspace got there; WC-12. */
  "witness.reach": z.object({
    agentId: AgentId,
    driver: z.string(),
    behaviour: z.string(),
    /** A directory, a port, the crontab. */
    where: z.string(),
    when: z.enum(["at-work", "afterwards"]),
    /** The job's own word, that it has tried. */
    tried: z.boolean(),
    /** As the host shows it. */
    reached: z.boolean(),
  }),
  /** Whether the residue scanner has found a thing that a job was told to leave, and whose it says that it is; WC-8. */
  "witness.residue": z.object({
    surface: z.string(),
    location: z.string(),
    found: z.boolean(),
    attribution: z.enum(attributionTargets).nullable(),
    evidence: z.array(z.enum(evidenceKinds)),
  }),
} as const;
