import type { RunVerdict } from "../../protocol/verdict.ts";
import { type GateQuestion, type GateReport, judgeGate } from "../gate/gate.ts";
import { GatePolicy } from "../gate/policy.ts";
import type { StoredRun } from "../runs/read-run.ts";
import { beganAt } from "./history-builder.ts";
import { releasableRun } from "./releasable-run.ts";
import { cleanResidue } from "./residue-fixtures.ts";

/** An hour after the fixtures began. */
export const nowMs = beganAt + 3_600_000;
export const required = { scenario: "withdraw-under-load" };
/** Nothing found, by whoever saw and heard everything. */
export const clean = { ...cleanResidue(), recorder: (["files", "processes", "calls"] as const).map(recorded) };

export function recorded(source: "files" | "processes" | "calls") {
  return { source, status: "done" as const, detail: "", events: 12 };
}

export function policy(over: object = {}): GatePolicy {
  return GatePolicy.parse({ version: 1, scenarios: [required], ...over });
}

/** A run that is good enough for any policy here. */
export function passing(over: Partial<RunVerdict> = {}): StoredRun {
  return releasableRun("passing", { residue: clean, ...over });
}

/** What the gate says of a run that is good enough, but for what `over` says; what blocks as `check result: detail`. */
export function gate(over: Partial<GateQuestion> = {}): GateReport & { readonly blocking: string[] } {
  const report = judgeGate({ policy: policy(), source: null, runs: [passing()], artifacts: [], nowMs, ...over });
  const blocking = report.rows.filter(({ result }) => result !== "pass");
  return { ...report, blocking: blocking.map(({ check, result, detail }) => `${check} ${result}: ${detail}`) };
}
