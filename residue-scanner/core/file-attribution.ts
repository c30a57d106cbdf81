import type { AttributionTarget, Evidence } from "../../protocol/residue-report.ts";
import type { AttributionContext } from "./attribution-context.ts";
import { withRecorded } from "./combined-roles.ts";
import type { FileDifference } from "./difference.ts";
import type { FileFact } from "./file-fact.ts";
import { isHarnessFile } from "./harness-files.ts";
import type { Inspections } from "./inspection.ts";
import { depthWithin } from "./path-scope.ts";
import type { Attribution, ProcessWitness } from "./process-attribution.ts";
import { namesIn } from "./run-names.ts";
import { stampLagMs } from "./stamp-lag.ts";

export interface FileKnowledge {
  readonly context: AttributionContext;
  readonly witness: ProcessWitness;
  readonly inspections: Inspections;
  /** What the recorder says; null where it says nothing, or did not run. */
  readonly recorded: Attribution | null;
}

/** Whose a file is: by who did it, where that was recorded, and by what it is itself. */
export function attributeFile(
  difference: FileDifference,
  { context, witness, inspections, recorded }: FileKnowledge,
): Attribution {
  const inspection = inspections.get(difference.key);
  const writers = (inspection?.writers ?? []).map((pid) => ({ pid, ...witness.ofPid(pid) }));
  const watcher = writers.find(({ pid }) => witness.table.isScanner(pid));
  const ours = writers.find(({ to }) => to === "job" || to === "agent");
  const scope = scopeOf(difference.key, context);
  const named = namesIn(difference.key, context);
  const evidence: Evidence[] = [];
  let to: AttributionTarget = "unknown";
  const say = (target: AttributionTarget, found: Evidence) => {
    if (to === "unknown") to = target;
    evidence.push(found);
  };
  if (watcher !== undefined) {
    say("harness", { kind: "holder", detail: `the watcher itself (process ${watcher.pid}) writes to it` });
  }
  if (ours !== undefined)
    say(ours.to, { kind: "holder", detail: `process ${ours.pid} of the ${ours.to} has it open for writing` });
  const isNamed = isHarnessFile(difference.key, context);
  if (scope?.to === "harness" && !isNamed) {
    evidence.push({
      kind: "path",
      detail: `lies in ${scope.directory}, where the harness writes nothing of this name`,
    });
  } else if (scope !== null) {
    say(scope.to, { kind: "path", detail: `lies in ${scope.directory}, which is the ${scope.to}'s` });
  } else if (isNamed) {
    say("harness", { kind: "path", detail: "is what the harness puts beside its run directory" });
  }
  const marked = context.markedRole ?? "agent";
  if (named !== undefined) say(marked, { kind: "path", detail: `its name holds ${named}, which only this run uses` });
  if (inspection !== undefined && inspection.bears.length > 0) {
    const found = `${inspection.bears.join(", ")} stands in it, which only this run uses`;
    // Who lists processes, or keeps a log of them, writes down the run's names too: seen to write, it is that one's file.
    if (recorded?.to === "background") evidence.push({ kind: "content", detail: `and yet ${found}` });
    else say(marked, { kind: "content", detail: found });
  }
  // Somebody else writing to it proves nothing about a file that also bears marks of the run.
  if (evidence.length === 0 && writers.length > 0 && writers.every((writer) => writer.to === "background")) {
    for (const { pid, evidence: why } of writers) {
      say("background", { kind: "holder", detail: `open for writing: ${why[0]?.detail ?? `process ${pid}`}` });
    }
  }
  return withRecorded(recorded, { to, evidence: [...evidence, ...timeEvidence(difference, context)] });
}

function timeEvidence(difference: FileDifference, context: AttributionContext): Evidence[] {
  const { after } = difference;
  if (after === null) return [{ kind: "time", detail: "was there at the baseline and is gone" }];
  const stamp = difference.change === "appeared" && after.bornNs > 0n ? "created" : "changed";
  const atMs = Number(stampOf(after, stamp) / 1_000_000n);
  return [{ kind: "time", detail: `${stamp} ${placeInRun(atMs, context)}` }];
}

function placeInRun(atMs: number, { windowFromMs, windowToMs }: AttributionContext): string {
  if (atMs < windowFromMs - stampLagMs) return `${showSpan(windowFromMs - atMs)} before the run`;
  if (atMs > Math.ceil(windowToMs)) return `${showSpan(atMs - windowToMs)} after the run`;
  return `${(Math.max(0, atMs - windowFromMs) / 1000).toFixed(1)} s into the run`;
}

function showSpan(spanMs: number): string {
  return spanMs < 1_000 ? `${Math.ceil(spanMs)} ms` : `${(spanMs / 1000).toFixed(1)} s`;
}

function stampOf(fact: FileFact, stamp: "created" | "changed"): bigint {
  return stamp === "created" ? fact.bornNs : fact.changedNs;
}

/** The innermost of the run's directories that a path lies in. */
function scopeOf(path: string, context: AttributionContext): { to: AttributionTarget; directory: string } | null {
  const scopes = [
    ...context.jobPaths.map((directory) => ({ to: "job", directory }) as const),
    ...context.agentPaths.map((directory) => ({ to: "agent", directory }) as const),
    ...context.harnessPaths.map((directory) => ({ to: "harness", directory }) as const),
  ];
  let innermost: (typeof scopes)[number] | null = null;
  let depth = 0;
  for (const scope of scopes) {
    const here = depthWithin(path, scope.directory);
    if (here > depth) [innermost, depth] = [scope, here];
  }
  return innermost;
}
