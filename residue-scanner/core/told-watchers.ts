import { ActsInTime } from "./acts-in-time.ts";
import { isOfRun, ofWhom } from "./combined-roles.ts";
import type { FileWatchers, Inspections } from "./inspection.ts";
import { type GiverKnowledge, ofGiver } from "./order-givers.ts";
import { showPath } from "./path-text.ts";
import type { RecordedRun, TouchedPath } from "./recorded-run.ts";
import { showProcess } from "./recorded-witness.ts";
import { type RecordedProcess, type TouchKind, touchKinds } from "./recording.ts";

export interface WatchKnowledge extends GiverKnowledge {
  readonly run: RecordedRun;
  readonly inspections: Inspections;
}

/** Something that the run did where somebody watches, wall times in ms. */
export interface Told {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly detail: () => string;
}

/** What is done in a directory that a service watches it is told at once. */
const watchedMsMax = 3_000;

/** Says what of the run's doing those were told of who watch files (inotify(7)). */
export class ToldWatchers {
  readonly #knowledge: WatchKnowledge;
  readonly #watchedBy = new Map<number, Watched[]>();
  readonly #told = new Map<number, ActsInTime<Told>>();

  constructor(knowledge: WatchKnowledge) {
    this.#knowledge = knowledge;
    for (const [path, { watchers }] of knowledge.inspections) {
      for (const [pid, watched] of watchedBy(path, watchers)) {
        const known = this.#watchedBy.get(pid);
        if (known === undefined) this.#watchedBy.set(pid, [watched]);
        else known.push(watched);
      }
    }
  }

  /** Those who watch anything that was inspected. */
  get pids(): ReadonlySet<number> {
    return new Set(this.#watchedBy.keys());
  }

  /**
   * The first that a process was told of by then, and not long before.
   *
   * @param watcher who has that pid now
   * @param sinceMs when it began to do what it may have done because of that
   */
  toldTo(watcher: RecordedProcess, within: { readonly byMs: number; readonly sinceMs: number }): Told | null {
    return this.#watchedBy.has(watcher.pid) ? this.#toldTo(watcher).earliest(within) : null;
  }

  /** What of the run's doing a process was told of; the same for each of thousands of things that it did. */
  #toldTo(watcher: RecordedProcess): ActsInTime<Told> {
    const known = this.#told.get(watcher.serial);
    if (known !== undefined) return known;
    const { run, witness } = this.#knowledge;
    const toldAt = ({ path, touches }: TouchedPath, watched: string): Told[] =>
      touches
        .filter(({ by }) => by !== watcher.serial && isOfRun(ofGiver(by, watcher, this.#knowledge).to))
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
