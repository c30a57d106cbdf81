import { jobEnvironment, runMarker } from "../../protocol/job-environment.ts";
import type { AttributionTarget, Evidence } from "../../protocol/residue-report.ts";
import type { AttributionContext, RunRole } from "./attribution-context.ts";
import { isDelegate } from "./delegates.ts";
import { processKey } from "./difference.ts";
import type { ProcessFact } from "./fact.ts";
import { ofOtherRun } from "./other-runs.ts";
import { isBelow, isWithin } from "./path-scope.ts";
import { ProcessTable } from "./process-table.ts";
import { RunCgroups } from "./run-cgroups.ts";
import type { Snapshot } from "./snapshot.ts";

export interface Attribution {
  readonly to: AttributionTarget;
  readonly evidence: Evidence[];
}

/** Says whose a process is. */
export class ProcessWitness {
  readonly cgroups: RunCgroups;
  readonly table: ProcessTable;
  readonly #context: AttributionContext;
  readonly #known: ReadonlyMap<string, RunRole>;
  readonly #sessions: ReadonlyMap<number, RunRole>;
  readonly #answers = new Map<string, Attribution>();
  /** Those that are not only others'. */
  #terminals: ReadonlySet<number> | null = null;
  #recorded: (fact: ProcessFact) => Attribution | null = () => null;
  #recordedPid: (pid: number) => Attribution | null = () => null;

  constructor(before: Snapshot, after: Snapshot, context: AttributionContext) {
    this.table = new ProcessTable(before, after);
    this.#context = context;
    this.cgroups = new RunCgroups(context.cgroupPrefixes, after);
    this.#known = new Map(context.processes.map((seen) => [processKey(seen), seen.role]));
    const sessionsBefore = new Set(before.processes.map(({ session }) => session));
    const sessions = context.processes.map(({ sessionId, role }) => [sessionId ?? 0, role] as const);
    this.#sessions = new Map(sessions.filter(([session]) => session > 0 && !sessionsBefore.has(session)));
  }

  /**
   * From here on the recorder is asked as well, who tells where a process came from whoever adopted it, and who had a
   * pid last.
   */
  askRecorder(
    recorded: (fact: ProcessFact) => Attribution | null,
    recordedPid: (pid: number) => Attribution | null,
  ): void {
    this.#recorded = recorded;
    this.#recordedPid = recordedPid;
    this.#answers.clear();
  }

  /** What a process bears itself that marks it as the run's; null where it bears nothing, or is gone. */
  markedAs(pid: number, startTime: string): { readonly to: RunRole; readonly evidence: Evidence } | null {
    const fact = this.table.now(pid);
    if (fact?.startTime !== startTime) return null;
    if (fact.marks?.[runMarker] === this.#context.runId) {
      const to = markedRole(fact.marks, this.#context.markedRole ?? "agent");
      return { to, evidence: { kind: "marker", detail: this.#marker } };
    }
    const session = this.#sessions.get(fact.session);
    if (session === undefined) return null;
    return {
      to: session,
      evidence: { kind: "session", detail: `is in session ${fact.session}, which the ${session} opened` },
    };
  }

  /** Of a process by its pid at the after reading. */
  ofPid(pid: number): Attribution {
    const fact = this.table.now(pid);
    return fact === undefined ? (this.#recordedPid(pid) ?? { to: "unknown", evidence: [] }) : this.of(fact);
  }

  /** Whose is what was made in one of the run's cgroups. */
  get roleInRun(): { readonly to: RunRole; readonly kind: "cgroup" } {
    return { to: this.#context.markedRole ?? "agent", kind: "cgroup" };
  }

  /** Whose are the processes of a cgroup and those below it? */
  membersOf(cgroup: string): (Attribution & { readonly pid: number })[] {
    const members = [...this.table.all()].filter((fact) => fact.cgroup !== null && isBelow(fact.cgroup, cgroup));
    return members.map((fact) => ({ pid: fact.pid, ...this.of(fact) }));
  }

  /** Whether it is on a terminal on which nobody of the run is, nor whoever started the scanner. */
  isOnOthersTerminal({ terminal = 0 }: ProcessFact): boolean {
    this.#terminals ??= new Set(
      [...this.table.all()]
        .filter((fact) => this.table.isAbove(fact.pid) || this.of(fact).to !== "background")
        .map((fact) => fact.terminal ?? 0),
    );
    return terminal > 0 && !this.#terminals.has(terminal);
  }

  of(fact: ProcessFact): Attribution {
    const key = processKey(fact);
    const answered = this.#answers.get(key);
    if (answered !== undefined) return answered;
    // A loop of parents cannot be, but pids are read one after the other.
    this.#answers.set(key, { to: "unknown", evidence: [] });
    const answer = this.#judge(fact);
    this.#answers.set(key, answer);
    return answer;
  }

  #judge(fact: ProcessFact): Attribution {
    const evidence: Evidence[] = [];
    const roles: RunRole[] = [];
    const say = (kind: Evidence["kind"], role: RunRole, detail: string) => {
      evidence.push({ kind, detail });
      roles.push(role);
    };
    const marked = fact.marks?.[runMarker] === this.#context.runId;
    const marker = markedRole(fact.marks ?? {}, this.#context.markedRole ?? "agent");
    const known = this.#known.get(processKey(fact));
    const cgroup = this.cgroups.holding(fact);
    if (cgroup !== null) say("cgroup", known ?? marker, `is in ${cgroup}, a cgroup of the run`);
    if (marked) say("marker", known ?? marker, this.#marker);
    const session = this.#sessions.get(fact.session);
    if (session !== undefined)
      say("session", known ?? session, `is in session ${fact.session}, which the ${session} opened`);
    if (known !== undefined) say("parent", known, `was seen during the run as a process of the ${known}`);
    this.#judgeParent(fact, say);
    const recorded = this.#recorded(fact);
    const [why] = recorded?.evidence ?? [];
    if (recorded !== null && why !== undefined && isRole(recorded.to)) say(why.kind, recorded.to, why.detail);
    this.#judgePaths(fact, say);
    if (roles.length > 0) {
      if (recorded?.to === "background" && why !== undefined) {
        evidence.push({ kind: why.kind, detail: `and yet it ${why.detail}` });
      }
      if (!marked && fact.marks !== null && fact.state !== "Z") {
        evidence.push({ kind: "marker", detail: "does not carry the run's marker: its environment was cleared" });
      }
      return { to: precise(known ?? (roles[0] as RunRole), roles), evidence: this.#withTime(fact, evidence) };
    }
    const isSaid = recorded !== null && (recorded.to === "shared" || recorded.to === "background");
    return isSaid && !this.table.isScanner(fact.pid)
      ? recorded
      : this.#judgeForeign(fact, [...evidence, ...(recorded?.evidence ?? [])]);
  }

  get #marker(): string {
    return `${runMarker}=${this.#context.runId} stands in its environment`;
  }

  #judgeParent(fact: ProcessFact, say: (kind: Evidence["kind"], role: RunRole, detail: string) => void): void {
    const parent = this.table.now(fact.parent);
    if (parent === undefined || this.table.ranBefore(parent)) return;
    const { to } = this.of(parent);
    if (to === "agent" || to === "job" || to === "harness") {
      say("parent", to, `is a child of process ${parent.pid} (${parent.name}), which is the ${to}'s`);
    }
  }

  #judgePaths(fact: ProcessFact, say: (kind: Evidence["kind"], role: RunRole, detail: string) => void): void {
    const { jobPaths, agentPaths, harnessPaths } = this.#context;
    const scopes = [
      ["job", jobPaths],
      ["agent", agentPaths],
      ["harness", harnessPaths],
    ] as const;
    for (const [what, path] of [
      ["runs", fact.executable],
      ["works in", fact.workingDirectory],
    ] as const) {
      for (const [role, paths] of scopes) {
        if (path === null || this.table.ranBefore(fact) || !isWithin(path, paths)) continue;
        say("path", role, `${what} ${path}, a directory of the ${role}`);
        return;
      }
    }
  }

  /** No evidence for the run. Is there any against it? */
  #judgeForeign(fact: ProcessFact, evidence: Evidence[]): Attribution {
    if (this.table.isScanner(fact.pid))
      return { to: "harness", evidence: [{ kind: "parent", detail: "is the scanner itself" }] };
    const other = ofOtherRun(fact, this.#context.otherRuns ?? []);
    if (other !== null) return { to: "background", evidence: [other] };
    if (this.table.ranBefore(fact)) {
      return {
        to: "background",
        evidence: [{ kind: "time", detail: `process ${fact.pid} (${fact.name}) ran before the run` }],
      };
    }
    if (fact.kernelThread)
      return { to: "background", evidence: [{ kind: "owner", detail: "is a thread of the kernel" }] };
    const parent = this.table.now(fact.parent);
    if (parent === undefined) return { to: "unknown", evidence: this.#withTime(fact, evidence) };
    const isOld = this.table.ranBefore(parent);
    const proves = isOld ? this.#cannotAdopt(parent) : this.of(parent).to === "background";
    if (!proves) return { to: "unknown", evidence: this.#withTime(fact, evidence) };
    const detail = isOld
      ? `was started by process ${parent.pid} (${parent.name}), which ran before the run and is not above it`
      : `is a child of process ${parent.pid} (${parent.name}), which is not the run's`;
    return { to: "background", evidence: [{ kind: "parent", detail }] };
  }

  /**
   * An orphan goes to the nearest ancestor that asked for orphans, or to process 1 (PR_SET_CHILD_SUBREAPER, prctl(2)).
   * So only process 1 and what is above the harness can have adopted a descendant of the run; any other parent really
   * started its children itself, unless it does that at others' request.
   */
  #cannotAdopt(parent: ProcessFact): boolean {
    return parent.pid !== 1 && !this.table.isAbove(parent.pid) && !isDelegate(parent);
  }

  #withTime(fact: ProcessFact, evidence: Evidence[]): Evidence[] {
    if (this.table.ranBefore(fact)) return evidence;
    return [...evidence, { kind: "time", detail: "was started after the baseline" }];
  }
}

function isRole(to: AttributionTarget): to is RunRole {
  return to === "agent" || to === "job" || to === "harness";
}

function markedRole(marks: Readonly<Record<string, string>>, otherwise: RunRole): RunRole {
  if (jobEnvironment.jobId in marks || jobEnvironment.leaseId in marks) return "job";
  return jobEnvironment.agentId in marks ? "agent" : otherwise;
}

/** Jobs run below agents and agents below the harness: the innermost claim says most. */
function precise(first: RunRole, roles: readonly RunRole[]): RunRole {
  return roles.includes("job") ? "job" : first;
}
