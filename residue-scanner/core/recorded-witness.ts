import type { AttributionTarget, Evidence } from "../../protocol/residue-report.ts";
import type { AttributionContext, RunRole } from "./attribution-context.ts";
import { baseName, delegateFamilyOf, type NamedProcess } from "./delegates.ts";
import { processKey } from "./difference.ts";
import { isOfRun } from "./combined-roles.ts";
import { harnessOf } from "./other-runs.ts";
import { isBelow } from "./path-scope.ts";
import { showPath, showText } from "./path-text.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedProcess, Recording } from "./recording.ts";

/** What is known of the run, by which recorded processes are recognised. */
export interface LineageKnowledge {
  readonly recording: Recording;
  readonly context: Pick<AttributionContext, "processes" | "markedRole" | "otherRuns">;
  /** The run's cgroups, as paths below the cgroup v2 root. */
  readonly cgroupPrefixes: readonly string[];
  /** The scanner itself, or its launcher. */
  readonly isScanner: (process: RecordedProcess) => boolean;
  /** By marks that a process bears itself at the last reading; null where it bears none, or is gone. */
  readonly markedAs: (pid: number, startTime: string) => { readonly to: RunRole; readonly evidence: Evidence } | null;
  /** Whose request it was that this child of a delegate carries out. */
  readonly requestOf: (child: RecordedProcess, delegate: RecordedProcess) => Attribution;
  /** Whose request it was that any other service started this child; null, or absent, where nobody of the run asked. */
  readonly askedOf?: (child: RecordedProcess, service: RecordedProcess) => Attribution | null;
  /** At whose request a thread of the kernel started it; null, or absent, where that was nobody of the run. */
  readonly helperOf?: (process: RecordedProcess) => Attribution | null;
  /** Whose program it runs, where that is the run's; null, or absent, where it is not. */
  readonly programOf?: (process: RecordedProcess) => Attribution | null;
}

/**
 * Says whose a recorded process is, by where it comes from. The parent of a recorded process is the one that forked it,
 * whoever adopted it later; so neither a second fork, nor a session or PID namespace of its own, nor a cleared
 * environment leads away from the run.
 */
export class RecordedWitness {
  readonly #knowledge: LineageKnowledge;
  readonly #known: ReadonlyMap<string, RunRole>;
  readonly #knownPids: ReadonlyMap<number, RunRole>;
  readonly #answers = new Map<number, Answer>();
  #children: ReadonlyMap<number, readonly RecordedProcess[]> | null = null;
  #byPid: ReadonlyMap<number, RecordedProcess> | null = null;
  #byKey: ReadonlyMap<string, RecordedProcess> | null = null;

  constructor(knowledge: LineageKnowledge) {
    this.#knowledge = knowledge;
    const { processes } = knowledge.context;
    this.#known = new Map(processes.map((seen) => [processKey(seen), seen.role]));
    this.#knownPids = new Map(processes.map((seen) => [seen.pid, seen.role]));
  }

  process(serial: number): RecordedProcess | null {
    return this.#knowledge.recording.processes.get(serial) ?? null;
  }

  /** @param process one that still runs, by what /proc says */
  find(process: { readonly pid: number; readonly startTime: string }): RecordedProcess | null {
    this.#byKey ??= new Map(
      [...this.#knowledge.recording.processes.values()].flatMap((each) =>
        each.startTime === null ? [] : [[processKey({ pid: each.pid, startTime: each.startTime }), each] as const],
      ),
    );
    return this.#byKey.get(processKey(process)) ?? null;
  }

  /** The last who had a pid. */
  last(pid: number): RecordedProcess | null {
    this.#byPid ??= new Map([...this.#knowledge.recording.processes.values()].map((each) => [each.pid, each]));
    return this.#byPid.get(pid) ?? null;
  }

  /** Whose is the process with this serial? */
  of(serial: number): Attribution {
    const { root, to, evidence } = this.#answer(serial);
    const process = this.process(serial);
    const [first, ...rest] = evidence;
    if (root === null || process === null || root.serial === serial || first === undefined) return { to, evidence };
    const how = process.parent === root.serial ? "was started by" : "descends from";
    const detail = `${how} ${showProcess(root)}, which ${first.detail}`;
    return { to, evidence: [{ kind: first.kind === "request" ? "request" : "recorder", detail }, ...rest] };
  }

  /** As of `of`, without the words for it. */
  roleOf(serial: number): AttributionTarget {
    return this.#answer(serial).to;
  }

  /** A process and all that descends from it. */
  subtree(top: RecordedProcess): RecordedProcess[] {
    this.#children ??= childrenOf(this.#knowledge.recording);
    const all = [top];
    for (const each of all) all.push(...(this.#children.get(each.serial) ?? []));
    return all;
  }

  #answer(serial: number): Answer {
    // Asked of thousands of clients for each of thousands of things that a daemon did.
    const known = this.#answers.get(serial);
    if (known !== undefined) return known;
    const above: RecordedProcess[] = [];
    // Up to the nearest one that is judged already; a loop keeps it from a stack as deep as the tree of processes.
    for (let at: number | null = serial; at !== null && !this.#answers.has(at); ) {
      const process = this.process(at);
      if (process === null || above.length > this.#knowledge.recording.processes.size) break;
      above.push(process);
      at = process.parent;
    }
    for (const process of above.toReversed()) {
      // A request may lead back to here: whoever asks meanwhile is told that nothing is known yet.
      this.#answers.set(process.serial, unknown("is being looked at"));
      this.#answers.set(process.serial, this.#judge(process));
    }
    return this.#answers.get(serial) ?? unknown("was not seen to start");
  }

  /** Whether it is the scanner itself: its command line has the words of the run's in it. */
  isScanner(serial: number): boolean {
    const process = this.process(serial);
    return process !== null && this.#knowledge.isScanner(process);
  }

  /** Whether it is a thread of the kernel, which runs no program, and not a program that one started. */
  isKernelThread(serial: number): boolean {
    return this.process(serial)?.executable === null && this.isOfKernel(serial);
  }

  /** Whether it comes from the kernel: all of its threads come from kthreadd, which has no program, and so do its helpers. */
  isOfKernel(serial: number): boolean {
    for (let at = this.process(serial); at !== null; at = at.parent === null ? null : this.process(at.parent))
      if (at.pid === kthreaddPid && at.isOlder && at.executable === null) return true;
    return false;
  }

  /** Whether it is the harness of another run, or comes from it. */
  isOfOtherRun(serial: number): boolean {
    const others = this.#knowledge.context.otherRuns ?? [];
    let at = others.length === 0 ? null : this.process(serial);
    for (let depth = 0; at !== null && depth < depthMax; depth += 1) {
      if (harnessOf(at, others) !== null) return true;
      at = at.parent === null ? null : this.process(at.parent);
    }
    return false;
  }

  #judge(process: RecordedProcess): Answer {
    const own = (to: AttributionTarget, ...evidence: Evidence[]): Answer => ({ root: process, to, evidence });
    const { context, isScanner, markedAs } = this.#knowledge;
    if (isScanner(process)) return own("harness", { kind: "parent", detail: "is the scanner itself" });
    const known = this.#roleSeen(process);
    if (known !== null) {
      return own(known, { kind: "parent", detail: `was seen during the run as a process of the ${known}` });
    }
    const inherited = this.#inherited(process);
    const other = harnessOf(process, context.otherRuns ?? []);
    if (other !== null && !isOfRun(inherited.to)) return own("background", other);
    if (inherited.to === "job") return inherited;
    const marked = process.startTime === null ? null : markedAs(process.pid, process.startTime);
    if (marked !== null && (marked.to === "job" || inherited.to !== "agent")) return own(marked.to, marked.evidence);
    const cgroup = this.#cgroupOf(process);
    if (cgroup === null || inherited.to === "agent") return inherited;
    return own(context.markedRole ?? "agent", { kind: "cgroup", detail: `is in ${cgroup}, a cgroup of the run` });
  }

  #inherited(process: RecordedProcess): Answer {
    if (process.isOlder) {
      const detail = "ran before the recorder listened";
      return { root: process, to: "background", evidence: [{ kind: "recorder", detail }] };
    }
    const parent = process.parent === null ? null : this.process(process.parent);
    if (parent === null) return unknown("was not seen to start");
    const answer = this.#answers.get(parent.serial) ?? unknown("was not seen to start");
    // Whatever another run's harness starts is that run's: its answer to our message is nothing that ours left.
    if (answer.to !== "background" || this.isOfOtherRun(parent.serial)) return answer;
    const requested = this.#requested(process, parent);
    const program = requested === null || requested.to === "background" ? this.#knowledge.programOf?.(process) : null;
    const own = program ?? requested;
    return own === null ? answer : { root: process, ...own };
  }

  #requested(process: RecordedProcess, parent: RecordedProcess): Attribution | null {
    if (delegateFamilyOf(namedOf(parent)) !== null) return this.#knowledge.requestOf(process, parent);
    if (this.isOfKernel(parent.serial)) return this.#knowledge.helperOf?.(process) ?? null;
    return this.#knowledge.askedOf?.(process, parent) ?? null;
  }

  #roleSeen(process: RecordedProcess): RunRole | null {
    if (process.startTime !== null) {
      return this.#known.get(processKey({ pid: process.pid, startTime: process.startTime })) ?? null;
    }
    // It ended before its start time was read; pids come again, so the parent must be the run's too.
    const role = this.#knownPids.get(process.pid) ?? null;
    const parent = process.parent === null ? undefined : this.#answers.get(process.parent)?.to;
    return parent === "harness" || parent === "agent" || parent === "job" ? role : null;
  }

  #cgroupOf({ cgroup }: RecordedProcess): string | null {
    if (cgroup === null) return null;
    return this.#knowledge.cgroupPrefixes.some((prefix) => isBelow(cgroup, prefix)) ? cgroup : null;
  }
}

/** The second process that the kernel starts; in other PID namespaces than the first it is none of the kernel's. */
const kthreaddPid = 2;
/** More ancestors than that no harness has below it. */
const depthMax = 100;

/** Whose a process is, and the first in its line of parents of whom something says so. */
interface Answer extends Attribution {
  readonly root: RecordedProcess | null;
}

function unknown(detail: string): Answer {
  return { root: null, to: "unknown", evidence: [{ kind: "recorder", detail }] };
}

function childrenOf({ processes }: Recording): Map<number, RecordedProcess[]> {
  const children = new Map<number, RecordedProcess[]>();
  for (const process of processes.values()) {
    if (process.parent === null) continue;
    const siblings = children.get(process.parent);
    if (siblings === undefined) children.set(process.parent, [process]);
    else siblings.push(process);
  }
  return children;
}

/** Worked out once: it is asked for each act and touch of a process. */
export function namedOf(process: RecordedProcess): NamedProcess {
  const known = names.get(process);
  if (known !== undefined) return known;
  const { executable, commandLine } = process;
  const [first = ""] = (commandLine ?? "").split(" ");
  const named = { name: baseName((executable ?? first).replace(/ \(deleted\)$/, "")), commandLine: commandLine ?? "" };
  names.set(process, named);
  return named;
}

const names = new WeakMap<RecordedProcess, NamedProcess>();

/** `process 812 (/usr/bin/touch)`. */
export function showProcess({ pid, executable, commandLine }: RecordedProcess): string {
  const what = executable ?? commandLine;
  return what === null ? `process ${pid}` : `process ${pid} (${showText(showPath(what))})`;
}
