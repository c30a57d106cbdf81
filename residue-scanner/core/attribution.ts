import type { Evidence } from "../../protocol/residue-report.ts";
import type { AttributionContext } from "./attribution-context.ts";
import { combined, isOfRun, withRecorded } from "./combined-roles.ts";
import {
  type CgroupDifference,
  type CrontabDifference,
  type Difference,
  isListed,
  type ProcessDifference,
  type SocketDifference,
} from "./difference.ts";
import type { SocketFact } from "./fact.ts";
import { attributeFile } from "./file-attribution.ts";
import type { Inspections } from "./inspection.ts";
import { worstOf } from "./holder-attribution.ts";
import { attributeListed } from "./listed-attribution.ts";
import { isBelow } from "./path-scope.ts";
import { cgroupSettingPaths, isSeenInFull, membershipPaths, processSettingPaths } from "./setting-paths.ts";
import { namedByOtherRun } from "./other-runs.ts";
import { toBytePath } from "./path-text.ts";
import type { Attribution, ProcessWitness } from "./process-attribution.ts";
import type { RecordedEvidence } from "./recorded-evidence.ts";
import { namesIn } from "./run-names.ts";
import { isPutting } from "./touch-attribution.ts";

export interface AttributionKnowledge {
  readonly context: AttributionContext;
  readonly witness: ProcessWitness;
  readonly inspections: Inspections;
  /** Null where nothing was recorded. */
  readonly recorded: RecordedEvidence | null;
}

/** Says whose a difference is, by the strongest evidence there is; `unknown` when nothing tells. */
export function attribute(difference: Difference, knowledge: AttributionKnowledge): Attribution {
  return namedByOtherRun(difference, attributeAlone(difference, knowledge), knowledge.context.otherRuns ?? []);
}

function attributeAlone(difference: Difference, knowledge: AttributionKnowledge): Attribution {
  if (isListed(difference)) return attributeListed(difference, knowledge);
  switch (difference.surface) {
    case "files":
      return attributeFile(difference, { ...knowledge, recorded: knowledge.recorded?.ofFile(difference) ?? null });
    case "processes":
      return attributeProcess(difference, knowledge);
    case "sockets":
      return attributeSocket(difference, knowledge);
    case "crontabs":
      return withRecorded(crontabSeen(difference, knowledge), attributeCrontab(difference, knowledge));
    case "cgroups":
      return withRecorded(cgroupSeen(difference, knowledge), attributeCgroup(difference, knowledge));
  }
}

const nobody: Attribution = { to: "unknown", evidence: [] };

/** One that was there is judged by who did something to it, not by whose it is itself. */
function attributeProcess(difference: ProcessDifference, { witness, recorded }: AttributionKnowledge): Attribution {
  const { before, after, change } = difference;
  const fact = after ?? before;
  if (fact === null) return nobody;
  if (change === "appeared") return witness.of(fact);
  const paths = processSettingPaths(difference);
  const seen = [
    paths.length > 0 ? settingSeen(paths, recorded) : null,
    difference.changed.includes("stopped") ? stopSeen(difference, recorded) : null,
  ].filter((each) => each !== null);
  const moved = membershipPaths(difference, (path) => witness.cgroups.directory(path));
  const done = [
    ...seen,
    recorded?.calls.ofChangedProcess(difference) ?? null,
    moved.length === 0 ? null : (recorded?.ofTouches(moved) ?? null),
  ].find((each) => each !== null && isOfRun(each.to));
  if (done !== undefined && done !== null) return done;
  const own = witness.of(fact);
  const set = seen.find(({ to }) => to === "unknown") ?? seen[0];
  // Whose it is itself can blame the run, but excuses nothing that anybody can do to it.
  if (set === undefined || !isSeenInFull(difference)) return own;
  return set.to === "unknown" && own.to !== "background" ? own : set;
}

/** Anybody with the right can stop it, or have it go on; a terminal does so without a call. */
function stopSeen(difference: ProcessDifference, recorded: RecordedEvidence | null): Attribution {
  const seen = recorded?.calls.ofChangedProcess({ ...difference, changed: ["stopped"] }) ?? null;
  if (seen !== null) return seen;
  const did = difference.after?.state === "T" ? "stop it" : "have it go on";
  return { to: "unknown", evidence: [{ kind: "recorder", detail: `nobody was seen to ${did}` }] };
}

/** Anybody with the right can set it, so whose the process is tells nothing. */
function settingSeen(paths: readonly string[], recorded: RecordedEvidence | null): Attribution {
  const seen = recorded?.ofTouches(paths, isPutting) ?? null;
  if (seen !== null) return seen;
  const detail = `nobody was seen to write to ${paths.join(" or ")}`;
  return { to: "unknown", evidence: [{ kind: "recorder", detail }] };
}

function crontabSeen(
  { key, before, after }: CrontabDifference,
  { recorded }: AttributionKnowledge,
): Attribution | null {
  const file = (after ?? before)?.file;
  const seen = file === undefined ? null : (recorded?.ofTouches([file], isPutting) ?? null);
  return seen === null ? null : (recorded?.ofLineIn(key, seen) ?? seen);
}

/** What chmod(1) and chown(1) set of a group. */
const ofDirectory: ReadonlySet<string> = new Set(["owner", "permissions"]);

/** Making one is making a directory; what happens to it afterwards does not make it anybody else's. */
function cgroupSeen(
  { before, after, change, changed }: CgroupDifference,
  { recorded }: AttributionKnowledge,
): Attribution | null {
  const directory = (after ?? before)?.directory;
  if (change === "changed" && changed.every((name) => ofDirectory.has(name)))
    return recorded?.ofTouches([directory ?? ""], ({ kinds }) => kinds.includes("attributes")) ?? null;
  if (change === "changed" && !changed.includes("inode")) {
    return recorded?.ofTouches(cgroupSettingPaths(directory ?? "", changed), isPutting) ?? null;
  }
  const kind = change === "vanished" ? "deleted" : "created";
  return directory === undefined
    ? null
    : (recorded?.ofTouches([directory], ({ kinds }) => kinds.includes(kind)) ?? null);
}

function attributeSocket({ before, after }: SocketDifference, knowledge: AttributionKnowledge): Attribution {
  const { witness } = knowledge;
  if (after === null) return attributeClosed(before?.owners ?? [], knowledge);
  if (after.owners === null && witness.table.watcherUid !== 0) {
    // The run's processes are this user's own (one that became root is a finding itself), and theirs are visible.
    const detail = `no process that user ${witness.table.watcherUid} may look into holds it`;
    return { to: "background", evidence: [{ kind: "owner", detail }] };
  }
  const maker = makerOfSocket({ before, after }, knowledge);
  if (maker !== null) return maker;
  const added = after.owners?.filter((pid) => !(before?.owners ?? []).includes(pid)) ?? [];
  const worst = worstOf(added.length > 0 ? added : (after.owners ?? []), witness);
  if (worst === undefined) return nobody;
  const evidence: Evidence = { kind: "holder", detail: `held by process ${worst.pid}` };
  const asked = worst.to === "background" && before === null ? askedToListen(after, knowledge) : null;
  return { to: asked?.to ?? worst.to, evidence: [evidence, ...(asked ?? worst).evidence] };
}

/** A service opens a door at somebody's request as it does anything else; nobody tells when it did. */
function askedToListen({ state, owners }: SocketFact, { witness, recorded }: AttributionKnowledge): Attribution | null {
  if (state !== "listening" || recorded === null) return null;
  const holders = (owners ?? []).flatMap((pid) => witness.table.now(pid) ?? []);
  return holders.map((holder) => recorded.askedOf(holder)).find((each) => each !== null) ?? null;
}

/** One that the run made is the run's, whoever holds it now: it may have been handed on (unix(7)), or lie in a queue. */
function makerOfSocket(
  { before, after }: Pick<SocketDifference, "before" | "after">,
  { witness }: AttributionKnowledge,
): Attribution | null {
  const known = new Set(before?.makerCgroups);
  const made = (after?.makerCgroups ?? []).filter((cgroup) => !known.has(cgroup));
  const path = made.map((cgroup) => witness.cgroups.withInode(cgroup)).find((each) => each !== null) ?? null;
  if (path === null || after === null) return null;
  const holder = worstOf(after.owners ?? [], witness);
  // Whose the holder is says it better where that is the run's own.
  if (holder !== undefined && isOfRun(holder.to)) return null;
  const { to, kind } = witness.roleInRun;
  const detail = `was made in ${path}, a cgroup of the run`;
  const held: Evidence[] =
    holder === undefined
      ? [{ kind: "holder", detail: "held by no process: it lies in a queue, or its thread is not seen" }]
      : [{ kind: "holder", detail: `handed to process ${holder.pid}` }];
  return { to, evidence: [{ kind, detail }, ...held] };
}

/** A socket that is gone, by who ended those who held it. */
function attributeClosed(owners: readonly number[], { witness, recorded }: AttributionKnowledge): Attribution {
  const evidence = owners.map(
    (pid) => ({ kind: "holder", detail: `was held by ${witness.table.fateOf(pid)}` }) as const,
  );
  const ended = owners.map((pid) => {
    const fact = witness.table.before(pid);
    return fact === null ? null : (recorded?.ofEnded(fact) ?? null);
  });
  const to = combined(ended.map((each) => each?.to ?? "unknown"));
  return { to, evidence: [...evidence, ...ended.flatMap((each) => each?.evidence ?? [])] };
}

function attributeCrontab({ after }: CrontabDifference, { context, inspections }: AttributionKnowledge): Attribution {
  if (after === null) return nobody;
  const named = namesIn(toBytePath(after.text), context);
  if (named !== undefined) {
    const to = context.markedRole ?? "agent";
    return { to, evidence: [{ kind: "content", detail: `${named} stands in it, which only this run uses` }] };
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

function attributeCgroup(
  { after, before, change }: CgroupDifference,
  { context, witness }: AttributionKnowledge,
): Attribution {
  const path = (after ?? before)?.path ?? "";
  const prefix = witness.cgroups.prefixes.find((candidate) => isBelow(path, candidate));
  if (prefix !== undefined)
    return { to: context.markedRole ?? "agent", evidence: [{ kind: "cgroup", detail: `is ${prefix} or below it` }] };
  const named = namesIn(path, context);
  if (named !== undefined) {
    const to = context.markedRole ?? "agent";
    return { to, evidence: [{ kind: "path", detail: `its name holds ${named}, which only this run uses` }] };
  }
  // Anybody with the right can set something of it, so who is in it tells nothing.
  if (change === "changed")
    return { to: "unknown", evidence: [{ kind: "time", detail: "was changed after the baseline" }] };
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
