import type { Evidence } from "../../protocol/residue-report.ts";
import { isOfRun, ofWhom } from "./combined-roles.ts";
import { eventLagMs } from "./event-lag.ts";
import type { Inspections } from "./inspection.ts";
import { type GiverKnowledge, ofGiver } from "./order-givers.ts";
import { showPath } from "./path-text.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { showProcess } from "./recorded-witness.ts";
import type { RecordedProcess, Touch } from "./recording.ts";
import { ToldWatchers } from "./told-watchers.ts";

export interface PipeKnowledge extends GiverKnowledge {
  readonly run: RecordedRun;
  /** Those of named pipes tell who reads from them, all of them who watches them. */
  readonly inspections: Inspections;
}

/** More ancestors than that no service has. */
const depthMax = 100;
/** So many of those who wrote into a pipe are named. */
const namedMax = 2;
/** What a service does longer than this after the last order from the run, in ms, it does not do at that order. */
const answerMsMax = 60_000;

/**
 * Says at whose request a service did something that takes its orders through a named pipe (fifo(7)), or by watching a
 * directory (inotify(7)): whoever wrote into the pipe shortly before, or did something there, may have asked for it. What
 * was written is not told, and a service has work of its own: so it is never more than shared.
 */
export class PipeRequests {
  readonly #knowledge: PipeKnowledge;
  readonly #pipesOf = new Map<number, string[]>();
  readonly #watchers: ToldWatchers;
  /** Who reads, and who watches, by pid. */
  readonly #holders: ReadonlyMap<number, RecordedProcess>;

  constructor(knowledge: PipeKnowledge) {
    this.#knowledge = knowledge;
    this.#watchers = new ToldWatchers(knowledge);
    for (const [path, { readers = [] }] of knowledge.inspections) {
      for (const pid of readers) {
        const pipes = this.#pipesOf.get(pid);
        if (pipes === undefined) this.#pipesOf.set(pid, [path]);
        else pipes.push(path);
      }
    }
    this.#holders = this.#holdersOf(new Set([...this.#pipesOf.keys(), ...this.#watchers.pids]));
  }

  /** @returns null where nobody of the run had asked, by then, the process that did it, or one that it comes from */
  of(touch: Touch): Attribution | null {
    if (this.#holders.size === 0) return null;
    const { witness } = this.#knowledge;
    if (witness.isOfOtherRun(touch.by)) return null;
    let process = witness.process(touch.by);
    let startedMs = Number.POSITIVE_INFINITY;
    for (let depth = 0; process !== null && depth < depthMax; depth += 1) {
      const answer =
        this.#holders.get(process.pid) === process
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
  #holdersOf(pids: ReadonlySet<number>): Map<number, RecordedProcess> {
    const holders = new Map<number, RecordedProcess>();
    for (const process of pids.size === 0 ? [] : this.#knowledge.run.recording.processes.values()) {
      if (!pids.has(process.pid)) continue;
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
        .map(({ by }) => ({ path, process: witness.process(by), to: ofGiver(by, reader, this.#knowledge).to })),
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
    const told = this.#watchers.toldTo(watcher, {
      byMs: Math.min(touch.lastMs, startedMs + eventLagMs),
      sinceMs: touch.firstMs,
    });
    return told === null ? null : { to: "shared", evidence: [{ kind: "request", detail: told.detail() }] };
  }
}

function endOf({ toMs }: RecordedProcess): number {
  return toMs ?? Number.POSITIVE_INFINITY;
}
