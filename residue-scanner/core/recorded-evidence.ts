import { wordsOf } from "./act-attribution.ts";
import { CallEvidence } from "./call-evidence.ts";
import { combined, isOfRun } from "./combined-roles.ts";
import { delegateFamilyOf } from "./delegates.ts";
import { type Difference, type FileDifference, isListed, processKey } from "./difference.ts";
import type { ProcessFact } from "./fact.ts";
import type { ImageFile } from "./image-files.ts";
import type { PipeRequests } from "./pipe-requests.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { namedOf, type RecordedWitness, showProcess } from "./recorded-witness.ts";
import type { RecordedProcess, RecorderSource, Touch } from "./recording.ts";
import type { Requests } from "./requests.ts";
import type { SocketRequests } from "./socket-requests.ts";
import { SurroundingEvidence } from "./surrounding-evidence.ts";
import { attributeTouches, type TouchedFile } from "./touch-attribution.ts";
import { linkWords, touchEvidence } from "./touch-evidence.ts";

export interface RecordedSources {
  readonly run: RecordedRun;
  readonly witness: RecordedWitness;
  readonly requests: Requests;
  readonly pipes: PipeRequests;
  readonly asked: SocketRequests;
  readonly differences: readonly Difference[];
  readonly images: ReadonlyMap<string, ImageFile>;
  /** The pid of a process's parent at the last reading; null where it has ended. */
  readonly parentOf: (pid: number) => number | null;
}

/** A process of the run, and which of them it is. */
interface NamingProcess {
  readonly process: RecordedProcess;
  readonly order: number;
}

/** What a recording says about differences; null where it says nothing. */
export class RecordedEvidence {
  readonly #sources: RecordedSources;
  /** What was called, and whose what came of it is. */
  readonly calls: CallEvidence;
  /** All that differ of each inode that may have several names. */
  readonly #links: ReadonlyMap<number, readonly FileDifference[]>;
  readonly #around: SurroundingEvidence;
  #saying: ReadonlyMap<string, NamingProcess> | null = null;

  constructor(sources: RecordedSources) {
    this.#sources = sources;
    const files = sources.differences.filter((each): each is FileDifference => each.surface === "files");
    const linked = new Set(files.filter(mayHaveOtherNames).map(inodeOf));
    this.#links = Map.groupBy(
      files.filter((each) => linked.has(inodeOf(each))),
      inodeOf,
    );
    this.calls = new CallEvidence(sources, (touch) => this.roleOf(touch));
    this.#around = new SurroundingEvidence(sources, {
      ofFile: (difference) => this.ofFile(difference),
      ofListed: (difference) => this.calls.ofListed(difference),
      ofTouches: (paths, isTelling) => this.ofTouches(paths, isTelling),
    });
  }

  /** Whether the kernel told of touches at all. */
  get isWatching(): boolean {
    const files = this.#sources.run.recording.sources.find(({ source }) => source === "files");
    return files !== undefined && files.status !== "not-permitted" && files.status !== "off";
  }

  /** Whether every writing to a setting was seen. */
  get seesSettings(): boolean {
    return this.#sources.run.recording.seesSettings === true;
  }

  /** Whether everybody who can have moved something that also moves by itself would have been seen. */
  isMovingSeen(difference: Difference): boolean {
    if (!isListed(difference)) return false;
    const { surface, after, before } = difference;
    const { recording } = this.#sources.run;
    const hasStatus = (source: RecorderSource["source"], ...statuses: readonly RecorderSource["status"][]) =>
      recording.sources.some((each) => each.source === source && statuses.includes(each.status));
    if (surface === "sysctls") {
      const isSeen =
        recording.seesSettings === true && (difference.change === "changed" || recording.seesOrders === true);
      return hasStatus("files", "done", "partial") && isSeen && !this.calls.hasMountedApart();
    }
    // Of a tracer's instance that belongs to a running recorder, that one is known to move it.
    if (((after ?? before)?.holders ?? []).length > 0) return true;
    // What is missing of settings concerns no queue.
    return (recording.seesFiles === true || hasStatus("files", "done")) && hasStatus("calls", "done");
  }

  ofProcess({ pid, startTime }: Pick<ProcessFact, "pid" | "startTime">): Attribution | null {
    const process = this.#sources.witness.find({ pid, startTime });
    return process === null ? null : this.#sources.witness.of(process.serial);
  }

  ofPid(pid: number): Attribution | null {
    const process = this.#sources.witness.last(pid);
    return process === null ? null : this.#sources.witness.of(process.serial);
  }

  /** Who ended a process of the baseline: the run, where it was seen to; its own side, where every call was seen. */
  ofEnded(fact: ProcessFact): Attribution | null {
    const difference = { surface: "processes", key: processKey(fact), change: "vanished", changed: [] } as const;
    const killed = this.calls.ofChangedProcess({ ...difference, before: fact, after: null });
    if (killed !== null) return killed;
    const isSeen = this.#sources.run.recording.sources.some(
      ({ source, status }) => source === "calls" && status === "done",
    );
    return isSeen ? this.ofProcess(fact) : null;
  }

  /** Whose a file is by who touched its name, a directory that it came or went with, or another name of it. */
  ofFile(difference: FileDifference): Attribution | null {
    const answer = this.#ofTouched(difference);
    const names = [difference.key, ...this.#otherNames(difference)];
    const isOpen = mayBeOfLinks(difference) && names.some((name) => this.#sources.run.mayBeLinked(name));
    return isOpen ? withForgottenLinker(answer) : answer;
  }

  #ofTouched(difference: FileDifference): Attribution | null {
    const { run, witness } = this.#sources;
    const own = run.touchesOf(difference.key);
    const attached = own.length > 0 ? this.calls.ofAttaching(difference, own) : null;
    if (attached !== null) return attached;
    const ofLinks = this.#otherNames(difference).flatMap((name) => run.touchesOf(name));
    const touched: TouchedFile = { difference, touches: [...own, ...ofLinks] };
    const answer = attributeTouches(touched, { witness, roleOf: (touch) => this.roleOf(touch) });
    if (answer !== null && (isOfRun(answer.to) || answer.to === "background" || own.length > 0)) {
      return this.calls.withFlags(difference, answer);
    }
    // What is written to a disk is written to its file by the kernel.
    const ofDisk = difference.change === "changed" ? this.calls.ofDisk(difference.key) : null;
    return this.#around.of(difference) ?? ofDisk ?? this.calls.withFlags(difference, answer);
  }

  /** Whose are the touches of these names, whatever they did; null where there are none. */
  ofTouches(paths: readonly string[], isTelling: (touch: Touch) => boolean = () => true): Attribution | null {
    const touches = paths.flatMap((path) => this.#sources.run.touchesOf(path)).filter(isTelling);
    return touches.length === 0 ? null : this.#attribute(touches);
  }

  /**
   * Whose a line is that was put into a file, or taken out of it: its own writers where several wrote to the file, or where
   * the run wrote it under another name.
   *
   * @param written whose the touches of its file are
   */
  ofLineIn(key: string, written: Attribution): Attribution {
    const { by = [], atMs = 0 } = this.#sources.run.recording.lines?.get(key) ?? {};
    const touches = by.map((each): Touch => ({ by: each, kinds: ["modified"], firstMs: atMs, lastMs: atMs }));
    const line = touches.length === 0 ? written : this.#attribute(touches);
    return written.to === "shared" || (!isOfRun(written.to) && isOfRun(line.to)) ? line : written;
  }

  /** Whose are the touches of what is most like a name among all that was touched in the nearest of these directories. */
  ofTouchesLike(path: string, directories: readonly string[]): Attribution | null {
    for (const directory of directories) {
      const touched = this.#sources.run.touchedIn(directory).filter((each) => each.path !== path);
      const likeness = touched.map((each) => commonLength(nameOf(path), nameOf(each.path)));
      const most = Math.max(0, ...likeness);
      if (most < likenessMin) continue;
      return this.#attribute(touched.flatMap(({ touches }, index) => (likeness[index] === most ? touches : [])));
    }
    return null;
  }

  /**
   * The run's process whose command line names a thing. Writing to settings below /proc and /sys leaves no file event; so
   * this tells for the run, and is too weak to excuse anything as others'.
   */
  ofNaming(names: readonly string[]): Attribution | null {
    this.#saying ??= this.#firstsByWord();
    const saying = this.#saying;
    const [first] = names.flatMap((name) => saying.get(name) ?? []).sort((one, other) => one.order - other.order);
    if (first === undefined) return null;
    const { process } = first;
    const { to, evidence } = this.#sources.witness.of(process.serial);
    const why = evidence[0]?.detail ?? "";
    const detail = `the command line of ${showProcess(process)} names it; it ${why}`;
    return { to, evidence: [{ kind: "recorder", detail }] };
  }

  /** Of the run's processes, the first by each word of their command lines. */
  #firstsByWord(): Map<string, NamingProcess> {
    const { run, witness } = this.#sources;
    const firsts = new Map<string, NamingProcess>();
    let order = 0;
    for (const process of run.recording.processes.values()) {
      if (process.isOlder || !isOfRun(witness.roleOf(process.serial))) continue;
      order += 1;
      for (const word of wordsOf(process)) if (!firsts.has(word)) firsts.set(word, { process, order });
    }
    return firsts;
  }

  /** Whose is the mount that came or went, and on which a path lies. */
  ofMountAt(path: string): Attribution | null {
    return this.#around.ofMountAt(path);
  }

  /** Whose a touch is; a daemon's, that of whoever asked it. */
  roleOf(touch: Touch): Attribution {
    const { witness, requests } = this.#sources;
    const answer = witness.of(touch.by);
    const process = witness.process(touch.by);
    if (answer.to !== "background" || process === null) return answer;
    const { pipes, asked } = this.#sources;
    if (delegateFamilyOf(namedOf(process)) === null)
      return pipes.of(touch) ?? asked.of(touch) ?? this.#ofTerminal(process, touch) ?? answer;
    const requested = requests.doneBy(process, touch);
    return requested === null || requested.to === "background" ? (asked.of(touch) ?? answer) : requested;
  }

  /**
   * At whose request a process may have done something of which nobody knows when it was, at any time since the run asked it: so
   * it is shared at most. Null where nobody of the run had asked.
   */
  askedOf(fact: Pick<ProcessFact, "pid" | "startTime">): Attribution | null {
    const process = this.#sources.witness.find(fact);
    if (process === null) return null;
    const touch: Touch = { by: process.serial, kinds: [], firstMs: 0, lastMs: Number.POSITIVE_INFINITY };
    const { to, evidence } = this.roleOf(touch);
    return isOfRun(to) ? { to: "shared", evidence } : null;
  }

  /** At whose request a shell did something that has waited on a terminal since before the run: others can type there. */
  #ofTerminal(process: RecordedProcess, touch: Touch): Attribution | null {
    const { witness, requests, parentOf } = this.#sources;
    let shell: RecordedProcess | null = process;
    for (let depth = 0; shell !== null && !shell.isOlder; depth += 1)
      shell = shell.parent === null || depth > depthMax ? null : witness.process(shell.parent);
    const server = shell === null ? null : witness.last(parentOf(shell.pid) ?? 0);
    if (server === null || delegateFamilyOf(namedOf(server))?.family !== "terminals") return null;
    const typed = requests.onTerminalOf(server, touch);
    return isOfRun(typed.to) ? typed : null;
  }

  #attribute(touches: readonly Touch[]): Attribution {
    const judged = touches.map((touch) => ({ touch, ...this.roleOf(touch) }));
    return { to: combined(judged.map(({ to }) => to)), evidence: touchEvidence(judged, this.#sources.witness) };
  }

  /**
   * Other names of the same file, under which something was done to it: such a name came or went, which moves the ctime
   * and the count of links (unless as many came as went), or the file was written to, or given other attributes, under it.
   */
  #otherNames(difference: FileDifference): string[] {
    if (!mayHaveOtherNames(difference)) return [];
    return (this.#links.get(inodeOf(difference)) ?? []).flatMap(({ key }) => (key === difference.key ? [] : key));
  }
}

function mayHaveOtherNames({ before, after, changed }: FileDifference): boolean {
  const isSame = after !== null && after.kind !== "directory" && after.ino === before?.ino;
  return isSame && (after.links >= 2 || changed.includes("nlink"));
}

function inodeOf({ before, after }: FileDifference): number {
  return (after ?? before)?.ino ?? 0;
}

/** Whether names that came or went can be what changed a file: whatever else changed in it moved the ctime, too. */
function mayBeOfLinks({ change, changed, after }: FileDifference): boolean {
  if (change !== "changed" || after?.kind === "directory") return false;
  return changed.includes("nlink") || changed.every((name) => name === "ctime");
}

/**
 * What somebody may have done of whom no more is known: what nobody else did stays open, and is not the run's alone.
 * Others who are known explain it: such a file has the content and mode that it had, and each name of it that came or
 * went is a finding of its own. Where many names come and go (a package manager's cache), most linkers are forgotten.
 */
function withForgottenLinker(answer: Attribution | null): Attribution {
  if (answer?.to === "background") return answer;
  const linker = { kind: "recorder", detail: `a process that was not seen to start ${linkWords}` } as const;
  return {
    to: combined([...(answer === null ? [] : [answer.to]), "unknown"]),
    evidence: [...(answer?.evidence ?? []), linker],
  };
}

/** More ancestors than that no shell has below it. */
const depthMax = 100;
/** So many letters in a row are more than `_max` or `ratio`'s end. */
const likenessMin = 5;

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Of the longest run of letters that stands in both. */
function commonLength(one: string, other: string): number {
  let most = 0;
  for (let from = 0; from < one.length; from += 1) {
    while (from + most < one.length && other.includes(one.slice(from, from + most + 1))) most += 1;
  }
  return most;
}
