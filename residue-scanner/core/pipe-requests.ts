import type { Evidence } from "../../protocol/residue-report.ts";
import { ActsInTime } from "./acts-in-time.ts";
import { isOfRun, ofWhom } from "./combined-roles.ts";
import { eventLagMs } from "./event-lag.ts";
import type { FileWatchers, Inspections } from "./inspection.ts";
import { showPath } from "./path-text.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedRun, TouchedPath } from "./recorded-run.ts";
import { type RecordedWitness, showProcess } from "./recorded-witness.ts";
import { type RecordedProcess, type Touch, type TouchKind, touchKinds } from "./recording.ts";

export interface PipeKnowledge {
  readonly run: RecordedRun;
  readonly witness: RecordedWitness;
  /** Those of named pipes tell who reads from them, all of them who watches them. */
  readonly inspections: Inspections;
}

/** More ancestors than that no service has. */
const depthMax = 100;
/** So many of those who wrote into a pipe are named. */
const namedMax = 2;
/** What a service does longer than this after the last order from the run, in ms, it does not do at that order. */
const answerMsMax = 60_000;
/** What is done in a directory that a service watches it is told at once. */
const watchedMsMax = 3_000;

/**
 * Says at whose request a service did something that takes its orders through a named pipe (fifo(7)), or by watching a
 * directory (inotify(7)): whoever wrote into the pipe shortly before, or did something there, may have asked for it. What
 * was written is not told, and a service has work of its own: so it is never more than shared.
 */
export class PipeRequests {
  readonly #knowledge: PipeKnowledge;
  readonly #pipesOf = new Map<number, string[]>();
  readonly #watchedBy = new Map<number, Watched[]>();
  readonly #told = new Map<number, ActsInTime<Told>>();
  #holders: ReadonlyMap<number, RecordedProcess> | null = null;

  constructor(knowledge: PipeKnowledge) {
    this.#knowledge = knowledge;
    for (const [path, { readers = [], watchers }] of knowledge.inspections) {
      for (const pid of readers) append(this.#pipesOf, pid, path);
      for (const [pid, watched] of watchedBy(path, watchers)) append(this.#watchedBy, pid, watched);
    }
  }

  /** @returns null where nobody of the run had asked, by then, the process that did it, or one that it comes from */
  of(touch: Touch): Attribution | null {
    if (this.#pipesOf.size + this.#watchedBy.size === 0) return null;
    const { witness } = this.#knowledge;
    if (witness.isOfOtherRun(touch.by)) return null;
    let process = witness.process(touch.by);
    let startedMs = Number.POSITIVE_INFINITY;
    for (let depth = 0; process !== null && depth < depthMax; depth += 1) {
      const answer = this.#isHolder(process)
        ? (this.#ofReader(process, touch, startedMs) ?? this.#ofWatcher(process, touch, startedMs))
        : null;
      if (answer !== null) return answer;
      // Whoever was there before the run was started by nobody at its request.
      if (process.isOlder || process.parent === null) return null;
      startedMs = process.fromMs;
      process = witness.process(process.parent);
    }
    return null;
  }

  /**
   * Who reads and who watches was seen at the end, by pid: of those that had a pid it is the one that goes on. Where none
   * does, the last of them has ended since.
   */
  #isHolder(process: RecordedProcess): boolean {
    this.#holders ??= this.#holdersOf();
    return this.#holders.get(process.pid) === process;
  }

  #holdersOf(): Map<number, RecordedProcess> {
    const holders = new Map<number, RecordedProcess>();
    for (const process of this.#knowledge.run.recording.processes.values()) {
      if (!this.#pipesOf.has(process.pid) && !this.#watchedBy.has(process.pid)) continue;
      const known = holders.get(process.pid);
      if (known === undefined || endOf(known) <= endOf(process)) holders.set(process.pid, process);
    }
    return holders;
  }

  /** @param startedMs when the reader started what did it, unless it did it itself: what was written later does not count */
  #ofReader(reader: RecordedProcess, touch: Touch, startedMs: number): Attribution | null {
    const { run, witness } = this.#knowledge;
    const asked = (this.#pipesOf.get(reader.pid) ?? []).flatMap((path) =>
      run
        .touchesOf(path)
        .filter(({ by, kinds }) => by !== reader.serial && kinds.includes("modified"))
        .filter(
          ({ firstMs, lastMs }) =>
            firstMs <= Math.min(touch.lastMs, startedMs + eventLagMs) && touch.firstMs <= lastMs + answerMsMax,
        )
        .map(({ by }) => ({ path, process: witness.process(by), to: witness.of(by).to })),
    );
    const ours = asked.filter(({ to }) => isOfRun(to));
    if (ours.length === 0) return null;
    const evidence = [...ours, ...asked.filter((each) => !ours.includes(each))].slice(0, namedMax).map(
      ({ path, process, to }): Evidence => ({
        kind: "request",
        detail: `reads from the pipe ${showPath(path)}, into which ${process === null ? "a process" : showProcess(process)} of ${ofWhom(to)} wrote before`,
      }),
    );
    return { to: "shared", evidence };
  }

  /** @param startedMs as of `#ofReader` */
  #ofWatcher(watcher: RecordedProcess, touch: Touch, startedMs: number): Attribution | null {
    const told = this.#toldTo(watcher).earliest({
      byMs: Math.min(touch.lastMs, startedMs + eventLagMs),
      sinceMs: touch.firstMs,
    });
    return told === null ? null : { to: "shared", evidence: [{ kind: "request", detail: told.detail() }] };
  }

  /** What of the run's doing a process was told of; the same for each of thousands of things that it did. */
  #toldTo(watcher: RecordedProcess): ActsInTime<Told> {
    const known = this.#told.get(watcher.serial);
    if (known !== undefined) return known;
    const { run, witness } = this.#knowledge;
    const toldAt = ({ path, touches }: TouchedPath, watched: string): Told[] =>
      touches
        .filter(({ by }) => by !== watcher.serial && isOfRun(witness.roleOf(by)))
        .map(({ by, firstMs, lastMs }): Told => {
          const process = witness.process(by);
          const who = process === null ? "a process" : showProcess(process);
          const where = `is told of what is done at ${showPath(watched)}`;
          const detail = () => `${where}, and ${who} of ${ofWhom(witness.roleOf(by))} touched ${showPath(path)} before`;
          return { firstMs, lastMs, detail };
        });
    const watched = this.#watchedBy.get(watcher.pid) ?? [];
    // Who watches a file and the directory in which it lies is told of it twice.
    const byPath = new Map(
      watched.map((each) => {
        const { path } = each;
        const touches = run.touchesOf(path).filter(({ kinds }) => kinds.some((kind) => isTold(kind, each)));
        return [path, toldAt({ path, touches }, path)];
      }),
    );
    for (const { path: directory, within } of watched.filter((each) => each.within.length > 0)) {
      for (const { path, touches } of run.touchedIn(directory)) {
        const seen = touches.filter(({ kinds }) => kinds.some((kind) => within.includes(kind)));
        if (!byPath.has(path)) byPath.set(path, toldAt({ path, touches: seen }, directory));
      }
    }
    const told = new ActsInTime([...byPath.values()].flat(), {
      fromMs: ({ firstMs }) => firstMs,
      untilMs: ({ lastMs }) => lastMs + watchedMsMax,
    });
    this.#told.set(watcher.serial, told);
    return told;
  }
}

function endOf({ toMs }: RecordedProcess): number {
  return toMs ?? Number.POSITIVE_INFINITY;
}

/** Of what a process is told that watches a path: of what is done to it and, where it is a directory, to the names in it. */
interface Watched {
  readonly path: string;
  readonly isDirectory: boolean;
  readonly itself: readonly TouchKind[];
  readonly within: readonly TouchKind[];
}

function watchedBy(path: string, watchers: FileWatchers | undefined): (readonly [pid: number, watched: Watched])[] {
  if (watchers === undefined) return [];
  const { itself, within, onlyOfItself, onlyWithin } = watchers;
  const isDirectory = within !== undefined;
  return [...new Set([...itself, ...(within ?? [])])].map((pid) => {
    const ofItself = itself.includes(pid) ? (onlyOfItself?.get(pid) ?? touchKinds) : [];
    const ofNames = within?.includes(pid) === true ? (onlyWithin?.get(pid) ?? touchKinds) : [];
    return [pid, { path, isDirectory, itself: ofItself, within: ofNames }];
  });
}

/**
 * That names came to a directory, or went, is told of the directory as a `modified`. Which names, and what was done to
 * them meanwhile, nobody knows where they are gone again: so whoever is told of more than attributes of names hears of it.
 */
function isTold(kind: TouchKind, { isDirectory, itself, within }: Watched): boolean {
  if (!isDirectory || kind !== "modified") return itself.includes(kind);
  return within.some((each) => each !== "attributes");
}

/** Something that was done where somebody watches, wall times in ms. */
interface Told {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly detail: () => string;
}

function append<Each>(lists: Map<number, Each[]>, pid: number, each: Each): void {
  const list = lists.get(pid);
  if (list === undefined) lists.set(pid, [each]);
  else list.push(each);
}
