import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

import * as z from "zod";

import type { JobSpec } from "../../protocol/messages.ts";
import type { Misbehaviour } from "./behaviours.ts";

const program = fileURLToPath(new URL("./work.mjs", import.meta.url));

export interface WorkSize {
  /** How many units of work; the job reports its progress in them. */
  readonly units: number;
  /** CPU time of one unit in the job's first process. */
  readonly unitCpuMs: number;
  /** Further processes that burn CPU until the first one ends. */
  readonly children: number;
}

/** What a job does beside its work, and what it is told for that. */
export interface Misbehaving {
  readonly behaviour: Misbehaviour;
  readonly environment: Readonly<Record<string, string>>;
}

/** The submission of one real job (`work.mjs`), run by the same Node that runs the harness. */
export function workJob(size: WorkSize, name: string, misbehaving?: Misbehaving): JobSpec {
  return {
    name,
    command: [
      process.execPath,
      program,
      ...["--units", String(size.units)],
      ...["--unit-ms", String(size.unitCpuMs)],
      ...["--children", String(size.children)],
      ...(misbehaving === undefined ? [] : ["--behaviour", misbehaving.behaviour]),
    ],
    environment: { ...misbehaving?.environment },
    workspaceBytesMax: 64 * 1024 ** 2,
    redeliveriesMax: 3,
  };
}

/** What `work.mjs` hands in. */
export const WorkResult = z.strictObject({ chain: z.string(), startedFrom: z.int().min(0) });
export type WorkResult = z.infer<typeof WorkResult>;

/** What a correct run of the job hands in: the chain of as many hashes as it had units, from the job's id on. */
export function expectedChain(jobId: string, units: number): string {
  let chain = createHash("sha256").update(jobId).digest("hex");
  for (let unit = 0; unit < units; unit += 1) chain = createHash("sha256").update(chain).digest("hex");
  return chain;
}
