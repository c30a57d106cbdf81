import type { SandboxWish } from "./sandbox/choose-driver.ts";
import { defaultJobLimits, type JobLimits } from "./sandbox/job-limits.ts";

/** On what terms the owner lends the host to jobs; a later start keeps to them. */
export interface JobTerms {
  readonly sandbox: SandboxWish;
  readonly limits: JobLimits;
  /** How often running jobs are checkpointed, in milliseconds; null for the broker's default. */
  readonly checkpointIntervalMs: number | null;
}

/** What a command line says of them. */
export interface JobTermsGiven {
  readonly driver?: SandboxWish["driver"] | undefined;
  readonly network?: SandboxWish["network"] | undefined;
  readonly read?: readonly string[] | undefined;
  readonly processesMax?: number | undefined;
  readonly memoryBytesMax?: number | undefined;
  readonly cpusMax?: number | undefined;
  readonly checkpointIntervalMs?: number | undefined;
}

export const defaultTerms: JobTerms = {
  sandbox: { driver: "auto", network: null, read: [] },
  limits: defaultJobLimits,
  checkpointIntervalMs: null,
};

/** What is given changes that one term; all others stay as they were. */
export function settledTerms(given: JobTermsGiven, before: JobTerms = defaultTerms): JobTerms {
  const { sandbox, limits } = before;
  return {
    sandbox: {
      driver: given.driver ?? sandbox.driver,
      network: given.network ?? sandbox.network,
      read: given.read ?? sandbox.read,
    },
    limits: {
      processesMax: given.processesMax ?? limits.processesMax,
      memoryBytesMax: given.memoryBytesMax ?? limits.memoryBytesMax,
      cpusMax: given.cpusMax ?? limits.cpusMax,
    },
    checkpointIntervalMs: given.checkpointIntervalMs ?? before.checkpointIntervalMs,
  };
}
