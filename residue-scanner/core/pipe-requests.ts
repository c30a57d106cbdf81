import type { Evidence } from "../../protocol/residue-report.ts";
import { isOfRun, ofWhom } from "./combined-roles.ts";
import { eventLagMs } from "./event-lag.ts";
import type { Inspections } from "./inspection.ts";
import { showPath } from "./path-text.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { type RecordedWitness, showProcess } from "./recorded-witness.ts";
import type { RecordedProcess, Touch } from "./recording.ts";

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
 * directory (inotify(7)): whoever wrote into the pipe shortly before, or did something there, may have asked for it. What was written is not told, and a service has work of its own: so it is
 * never more than shared.
 */
export class PipeRequests {
  readonly #knowledge: PipeKnowledge;
  readonly #pipesOf = new Map<number, string[]>();
  readonly #watchedBy = new Map<number, string[]>();
  readonly #told = new Map<number, readonly Told[]>();

  constructor(knowledge: PipeKnowledge) {
    this.#knowledge = knowledge;
    for (const [path, { readers = [], watchers = [] }] of knowledge.inspections) {
      for (const pid of readers) append(this.#pipesOf, pid, path);
      for (const pid of watchers) append(this.#watchedBy, pid, path);
    }
  }

  /** @returns null where nobody of the run had asked, by then, the process that did it, or one that it comes from */
  of(touch: Touch): Attribution | null {
    if (this.#pipesOf.size + this.#watchedBy.size === 0) return null;
    const { witness } = this.#knowledge;
    let process = witness.process(touch.by);
    let startedMs = Number.POSITIVE_INFINITY;
    for (let depth = 0; process !== null && depth < depthMax; depth += 1) {
      const answer = this.#ofReader(process, touch, startedMs) ?? this.#ofWatcher(process, touch, startedMs);
      if (answer !== null) return answer;
      // Whoever was there before the run was started by nobody at its request.
      if (process.isOlder || process.parent === null) return null;
      startedMs = process.fromMs;
      process = witness.process(process.parent);
    }
    return null;
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
    const byMs = Math.min(touch.lastMs, startedMs + eventLagMs);
    const told = this.#toldTo(watcher).find(
      ({ firstMs, lastMs }) => firstMs <= byMs && touch.firstMs <= lastMs + watchedMsMax,
    );
    return told === undefined ? null : { to: "shared", evidence: [{ kind: "request", detail: told.detail() }] };
  }

  /** What of the run's doing a process was told of; the same for each of thousands of things that it did. */
  #toldTo(watcher: RecordedProcess): readonly Told[] {
    const known = this.#told.get(watcher.serial);
    if (known !== undefined) return known;
    const { run, witness } = this.#knowledge;
    const told = (this.#watchedBy.get(watcher.pid) ?? []).flatMap((watched) =>
      [{ path: watched, touches: run.touchesOf(watched) }, ...run.touchedIn(watched)].flatMap(({ path, touches }) =>
        touches
          .filter(({ by }) => by !== watcher.serial && isOfRun(witness.roleOf(by)))
          .map(({ by, firstMs, lastMs }): Told => {
            const process = witness.process(by);
            const who = process === null ? "a process" : showProcess(process);
            const where = `is told of what is done at ${showPath(watched)}`;
            const detail = () =>
              `${where}, and ${who} of ${ofWhom(witness.roleOf(by))} touched ${showPath(path)} before`;
            return { firstMs, lastMs, detail };
          }),
      ),
    );
    this.#told.set(watcher.serial, told);
    return told;
  }
}

/** Something that was done where somebody watches, wall times in ms. */
interface Told {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly detail: () => string;
}

function append(lists: Map<number, string[]>, pid: number, path: string): void {
  const list = lists.get(pid);
  if (list === undefined) lists.set(pid, [path]);
  else list.push(path);
}
