import type { AttributionTarget, Evidence } from "../../protocol/residue-report.ts";
import type { AttributionContext } from "./attribution-context.ts";
import {
  type CgroupDifference,
  type CrontabDifference,
  type Difference,
  type FileDifference,
  isListed,
  type ListedDifference,
  type SocketDifference,
} from "./difference.ts";
import { isHarnessFile } from "./harness-files.ts";
import type { FileFact } from "./file-fact.ts";
import type { Inspections } from "./inspection.ts";
import { depthWithin, isBelow } from "./path-scope.ts";
import { toBytePath } from "./path-text.ts";
import { type Attribution, type ProcessWitness } from "./process-attribution.ts";
import { stampLagMs } from "./stamp-lag.ts";

export interface AttributionKnowledge {
  readonly context: AttributionContext;
  readonly witness: ProcessWitness;
  readonly inspections: Inspections;
}

/** Says whose a difference is, by the strongest evidence there is; `unknown` when nothing tells. */
export function attribute(difference: Difference, knowledge: AttributionKnowledge): Attribution {
  if (isListed(difference)) return attributeListed(difference, knowledge);
  switch (difference.surface) {
    case "files":
      return attributeFile(difference, knowledge);
    case "processes": {
      const fact = difference.after ?? difference.before;
      return fact === null ? nobody : knowledge.witness.of(fact);
    }
    case "sockets":
      return attributeSocket(difference, knowledge);
    case "crontabs":
      return attributeCrontab(difference, knowledge);
    case "cgroups":
      return attributeCgroup(difference, knowledge);
  }
}

const nobody: Attribution = { to: "unknown", evidence: [] };

function attributeFile(
  difference: FileDifference,
  { context, witness, inspections }: AttributionKnowledge,
): Attribution {
  const inspection = inspections.get(difference.key);
  const writers = (inspection?.writers ?? []).map((pid) => ({ pid, ...witness.ofPid(pid) }));
  const watcher = writers.find(({ pid }) => witness.isScanner(pid));
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
  if (named !== undefined) say("agent", { kind: "path", detail: `its name holds ${named}, which only this run uses` });
  if (inspection !== undefined && inspection.bears.length > 0) {
    say("agent", { kind: "content", detail: `${inspection.bears.join(", ")} stands in it, which only this run uses` });
  }
  // Somebody else writing to it proves nothing about a file that also bears marks of the run.
  if (evidence.length === 0 && writers.length > 0 && writers.every((writer) => writer.to === "background")) {
    for (const { pid, evidence: why } of writers) {
      say("background", { kind: "holder", detail: `open for writing: ${why[0]?.detail ?? `process ${pid}`}` });
    }
  }
  return { to, evidence: [...evidence, ...timeEvidence(difference, context)] };
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

/** Names that only the run uses. A short one could stand anywhere by chance. */
export function runNames(context: AttributionContext): string[] {
  const charactersMin = 8;
  return [context.runId, ...(context.identifiers ?? [])].filter((name) => name.length >= charactersMin);
}

function namesIn(text: string, context: AttributionContext): string | undefined {
  return runNames(context).find((name) => text.includes(toBytePath(name)));
}

function attributeSocket({ before, after }: SocketDifference, { witness }: AttributionKnowledge): Attribution {
  if (after === null) {
    const owners = before?.owners ?? [];
    const evidence = owners.map((pid) => ({ kind: "holder", detail: `was held by ${witness.fateOf(pid)}` }) as const);
    return { to: "unknown", evidence };
  }
  if (after.owners === null && witness.watcherUid !== 0) {
    // The run's processes are this user's own (one that became root is a finding itself), and theirs are visible.
    const detail = `no process that user ${witness.watcherUid} may look into holds it`;
    return { to: "background", evidence: [{ kind: "owner", detail }] };
  }
  const added = after.owners?.filter((pid) => !(before?.owners ?? []).includes(pid)) ?? [];
  const worst = worstOf(added.length > 0 ? added : (after.owners ?? []), witness);
  if (worst === undefined) return nobody;
  const evidence: Evidence = { kind: "holder", detail: `held by process ${worst.pid}` };
  return { to: worst.to, evidence: [evidence, ...worst.evidence] };
}

/** The holder whom it counts most to name. */
function worstOf(
  pids: readonly number[],
  witness: ProcessWitness,
): (Attribution & { readonly pid: number }) | undefined {
  const owners = pids.map((pid) => ({ pid, ...witness.ofPid(pid) }));
  const rank: readonly AttributionTarget[] = ["job", "agent", "unknown", "harness", "background"];
  return owners.toSorted((one, other) => rank.indexOf(one.to) - rank.indexOf(other.to))[0];
}

function attributeCrontab({ after }: CrontabDifference, { context, inspections }: AttributionKnowledge): Attribution {
  if (after === null) return nobody;
  const named = namesIn(toBytePath(after.text), context);
  if (named !== undefined) {
    return { to: "agent", evidence: [{ kind: "content", detail: `${named} stands in it, which only this run uses` }] };
  }
  const paths = [
    ...context.jobPaths.map((path) => ["job", path] as const),
    ...context.agentPaths.map((path) => ["agent", path] as const),
  ];
  const mentioned = paths.find(([, path]) => after.text.includes(path));
  if (mentioned !== undefined) {
    return {
      to: mentioned[0],
      evidence: [{ kind: "content", detail: `names ${mentioned[1]}, a directory of the ${mentioned[0]}` }],
    };
  }
  const bears = inspections.get(after.file)?.bears[0];
  const elsewhere: Evidence[] = bears === undefined ? [] : [{ kind: "content", detail: `its file holds ${bears}` }];
  return { to: "unknown", evidence: [...elsewhere, { kind: "time", detail: "was put there after the baseline" }] };
}

function attributeCgroup({ after, before }: CgroupDifference, { context, witness }: AttributionKnowledge): Attribution {
  const path = (after ?? before)?.path ?? "";
  const prefix = witness.cgroupPrefixes.find((candidate) => isBelow(path, candidate));
  if (prefix !== undefined) return { to: "agent", evidence: [{ kind: "cgroup", detail: `is ${prefix} or below it` }] };
  const named = namesIn(path, context);
  if (named !== undefined) {
    return { to: "agent", evidence: [{ kind: "path", detail: `its name holds ${named}, which only this run uses` }] };
  }
  const members = after === null ? [] : witness.membersOf(path);
  const ours = members.find(({ to }) => to !== "background");
  if (ours !== undefined)
    return { to: ours.to, evidence: [{ kind: "holder", detail: `process ${ours.pid} is in it` }] };
  const [foreign] = members;
  if (foreign !== undefined) {
    const detail = `only processes of others are in it, ${foreign.pid} for one, which ${foreign.evidence[0]?.detail ?? ""}`;
    return { to: "background", evidence: [{ kind: "holder", detail }] };
  }
  return { to: "unknown", evidence: [{ kind: "time", detail: "was made after the baseline" }] };
}

const listedTimes = {
  appeared: "came after the baseline",
  changed: "was changed after the baseline",
  vanished: "was there at the baseline and is gone",
} as const;

/** By what its words name, and by who keeps it: who made it, the kernel does not keep. */
function attributeListed(
  { after, before, change }: ListedDifference,
  { context, witness }: AttributionKnowledge,
): Attribution {
  const fact = after ?? before;
  if (fact === null) return nobody;
  const when: Evidence = { kind: "time", detail: listedTimes[change] };
  const text = toBytePath([fact.key, ...Object.values(fact.attributes).map(String)].join("\n"));
  const named = namesIn(text, context);
  if (named !== undefined) {
    return {
      to: "agent",
      evidence: [{ kind: "content", detail: `${named} stands in it, which only this run uses` }, when],
    };
  }
  const scopes = [
    ...context.jobPaths.map((path) => ["job", path] as const),
    ...context.agentPaths.map((path) => ["agent", path] as const),
  ];
  const mentioned = scopes.find(([, path]) => text.includes(toBytePath(path)));
  if (mentioned !== undefined) {
    const detail = `names ${mentioned[1]}, a directory of the ${mentioned[0]}`;
    return { to: mentioned[0], evidence: [{ kind: "content", detail }, when] };
  }
  const holder = worstOf(after?.holders ?? [], witness);
  if (holder !== undefined) {
    const held: Evidence = { kind: "holder", detail: `kept by process ${holder.pid}` };
    return { to: holder.to, evidence: [held, ...holder.evidence, when] };
  }
  return { to: "unknown", evidence: [when] };
}
