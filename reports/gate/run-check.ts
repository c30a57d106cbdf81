import type { StoredRun } from "../runs/read-run.ts";
import type { GateCheck, GatePolicy } from "./policy.ts";
import type { Waivers } from "./waivers.ts";

/** Why a run is not good enough. */
export interface Objection {
  /** `fail`: what was seen is not allowed; `unknown`: what had to be seen was not. Either blocks. */
  readonly result: "fail" | "unknown";
  readonly detail: string;
}

export interface RunCheckContext {
  readonly policy: GatePolicy;
  readonly waivers: Waivers;
  /** In ms since the epoch. */
  readonly nowMs: number;
}

/** What is asked of every run. It believes no summary whose grounds are there: those it judges again. */
export interface RunCheck {
  readonly check: GateCheck;
  /** What holds of a run without objections. */
  readonly subject: string;
  /** Whether it asks anything of this run; all of them if left out. */
  readonly concerns?: (run: StoredRun) => boolean;
  judge(run: StoredRun, context: RunCheckContext): Objection[];
}

export const failed = (detail: string): Objection => ({ result: "fail", detail });
export const unknown = (detail: string): Objection => ({ result: "unknown", detail });

/** Whether real processes ran on a real host, which then had to be read again. */
export function touchedHost({ verdict }: StoredRun): boolean {
  return verdict.stage !== "sim";
}
