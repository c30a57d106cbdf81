import { attributeActs, leadsTo, namesOf, noWords, says, type Words } from "./act-attribution.ts";
import { type Explanation, explanationBy, groupKey, userKey } from "./call-surfaces.ts";
import { combined, isOfRun } from "./combined-roles.ts";
import { delegateFamilyOf } from "./delegates.ts";
import { flagActs, mayBeOfFlags } from "./flag-acts.ts";
import {
  type Difference,
  type FileDifference,
  isListed,
  type ListedDifference,
  type ProcessDifference,
  processKey,
} from "./difference.ts";
import type { ProcessFact } from "./fact.ts";
import type { ImageFile } from "./image-files.ts";
import { showText } from "./path-text.ts";
import type { PipeRequests } from "./pipe-requests.ts";
import { canHaveDone } from "./process-acts.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { namedOf, type RecordedWitness, showProcess } from "./recorded-witness.ts";
import type { Act, Touch } from "./recording.ts";
import type { Requests } from "./requests.ts";
import type { SocketRequests } from "./socket-requests.ts";
import { SurroundingEvidence } from "./surrounding-evidence.ts";
import { through } from "./through.ts";
import { attributeTouches, type TouchedFile } from "./touch-attribution.ts";
import { changedThreads } from "./thread-changes.ts";
import { touchEvidence } from "./touch-evidence.ts";

export interface RecordedSources {
  readonly run: RecordedRun;
  readonly witness: RecordedWitness;
  readonly requests: Requests;
  readonly pipes: PipeRequests;
  readonly asked: SocketRequests;
  readonly differences: readonly Difference[];
  readonly images: ReadonlyMap<string, ImageFile>;
}

/** What a recording says about differences; null where it says nothing. */
export class RecordedEvidence {
  readonly #sources: RecordedSources;
  readonly #links: ReadonlyMap<number, readonly FileDifference[]>;
  /** Those whose flags may have been set. */
  readonly #flagged: readonly string[];
  /** Files that were there and are others now, or have other contents. */
  readonly #changed: readonly string[];
  readonly #around: SurroundingEvidence;
  /** Disks by their names, `loop0`, and by the files that they lie in. */
  readonly #disks: ReadonlyMap<string, ListedDifference>;
  /** Namespaces that came or went, `net:[4026532000]`. */
  readonly #namespaces: ReadonlySet<string>;
  /** What command lines would call the things that differ, by surface. */
  readonly #names: ReadonlyMap<string, readonly string[]>;
  /** Of all that was called, what did not fail. */
  readonly #acts: readonly Act[];

  constructor(sources: RecordedSources) {
    this.#sources = sources;
    const files = sources.differences.filter((each): each is FileDifference => each.surface === "files");
    this.#links = Map.groupBy(files, ({ before, after }) => (after ?? before)?.ino ?? 0);
    this.#flagged = files.filter(mayBeOfFlags).map(({ key }) => key);
    this.#changed = files.filter(({ change }) => change === "changed").map(({ key }) => key);
    this.#around = new SurroundingEvidence(sources, this);
    const listed = sources.differences.filter(isListed);
    this.#namespaces = new Set(
      listed.flatMap(({ surface, change, key }) => (surface === "namespaces" && change !== "changed" ? [key] : [])),
    );
    const disks = listed.filter(({ surface }) => surface === "storage");
    this.#disks = new Map(disks.flatMap((each) => [each.key, ...backingsOf(each)].map((name) => [name, each])));
    this.#names = new Map(
      [...Map.groupBy(listed, ({ surface }) => surface)].map(([surface, all]) => [surface, all.flatMap(namesOfListed)]),
    );
    this.#acts = sources.run.recording.acts.filter(({ returned }) => returned === null || returned >= 0);
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
    const killed = this.ofChangedProcess({ ...difference, before: fact, after: null });
    if (killed !== null) return killed;
    const isSeen = this.#sources.run.recording.sources.some(
      ({ source, status }) => source === "calls" && status === "done",
    );
    return isSeen ? this.ofProcess(fact) : null;
  }

  /** Whose a file is by who touched its name, a directory that it came or went with, or another name of it. */
  ofFile(difference: FileDifference): Attribution | null {
    const { run, witness } = this.#sources;
    const own = run.touchesOf(difference.key);
    const attached = own.length > 0 ? this.#ofAttaching(difference, own) : null;
    if (attached !== null) return attached;
    const touched: TouchedFile = { difference, touches: [...own, ...this.#touchesOfLinks(difference)] };
    const answer = attributeTouches(touched, { witness, roleOf: (touch) => this.roleOf(touch) });
    if (answer !== null && (isOfRun(answer.to) || answer.to === "background" || own.length > 0)) {
      return this.#withFlags(difference, answer);
    }
    // What is written to a disk is written to its file by the kernel.
    const ofDisk = difference.change === "changed" ? this.ofDisk(difference.key) : null;
    return this.#around.of(difference) ?? ofDisk ?? this.#withFlags(difference, answer);
  }

  /** Whose are the touches of these names, whatever they did; null where there are none. */
  ofTouches(paths: readonly string[], isTelling: (touch: Touch) => boolean = () => true): Attribution | null {
    const touches = paths.flatMap((path) => this.#sources.run.touchesOf(path)).filter(isTelling);
    return touches.length === 0 ? null : this.#attribute(touches);
  }

  /** Whose a line is that was put into a file that several wrote, or taken out of it; null where that was not seen. */
  ofLine(key: string): Attribution | null {
    const { by = [], atMs = 0 } = this.#sources.run.recording.lines?.get(key) ?? {};
    const touches = by.map((each): Touch => ({ by: each, kinds: ["modified"], firstMs: atMs, lastMs: atMs }));
    return touches.length === 0 ? null : this.#attribute(touches);
  }

  /** The same of every name in these directories. */
  ofTouchesIn(directories: readonly string[]): Attribution | null {
    const touches = directories.flatMap((path) => this.#sources.run.touchedIn(path).flatMap((each) => each.touches));
    return touches.length === 0 ? null : this.#attribute(touches);
  }

  /** The same of what is most like a name among all that was touched in the nearest of these directories. */
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

  /** Whose a disk is that came, went or changed: its settings and the file that it lies in change with it. */
  ofDisk(name: string): Attribution | null {
    const disk = this.#disks.get(name);
    const done = disk === undefined ? null : this.ofListed(disk);
    return done === null ? null : through(done, `belongs to ${showText(disk?.key ?? name)}`);
  }

  /** Whose a thing is that is no file, by the system calls that fit to it. */
  ofListed(difference: ListedDifference): Attribution | null {
    const { surface, change, key } = difference;
    const names = namesOfListed(difference);
    const others = (this.#names.get(surface) ?? []).filter((name) => !names.includes(name));
    const explains = (act: Act) =>
      leadsTo(change, act) && canBind(difference, act) ? explanationBy(act, surface, key) : null;
    return this.#ofActs(explains, { names, others });
  }

  /**
   * The run's process whose command line names a thing. Writing to settings below /proc and /sys leaves no file event; so
   * this tells for the run, and is too weak to excuse anything as others'.
   */
  ofNaming(names: readonly string[]): Attribution | null {
    const { run, witness } = this.#sources;
    for (const process of run.recording.processes.values()) {
      if (process.isOlder || !names.some((name) => says(process, name))) continue;
      const { to, evidence } = witness.of(process.serial);
      const why = evidence[0]?.detail ?? "";
      const detail = `the command line of ${showProcess(process)} names it; it ${why}`;
      if (isOfRun(to)) return { to, evidence: [{ kind: "recorder", detail }] };
    }
    return null;
  }

  /** Whether a thing is in a namespace that came or went: it was made with that, and goes with it. */
  isWithNamespace(key: string): boolean {
    const space = key.indexOf(" ");
    return space > 0 && this.#namespaces.has(key.slice(0, space));
  }

  /** Whose is the mount that came or went, and on which a path lies. */
  ofMountAt(path: string): Attribution | null {
    return this.#around.ofMountAt(path);
  }

  /** Who ended, or set something of, a process that ran before; only calls that name it count. */
  ofChangedProcess({ before, after, change, changed }: ProcessDifference): Attribution | null {
    const fact = after ?? before;
    if (fact === null) return null;
    const { uid, group } = fact;
    const many = [...(uid === null ? [] : [userKey(uid)]), ...(group === undefined ? [] : [groupKey(group)])];
    const keys = [processKey(fact), ...many, ...changedThreads(before, after).map((thread) => `${thread}@`)];
    return this.#ofActs((act) => {
      if (!canHaveDone(act, { change, changed, after })) return null;
      return keys.some((key) => explanationBy(act, "processes", key) === "names") ? "names" : null;
    }, noWords);
  }

  /** Whose a touch is; a daemon's, that of whoever asked it. */
  roleOf(touch: Touch): Attribution {
    const { witness, requests } = this.#sources;
    const answer = witness.of(touch.by);
    const process = witness.process(touch.by);
    if (answer.to !== "background" || process === null) return answer;
    const { pipes, asked } = this.#sources;
    if (delegateFamilyOf(namedOf(process)) === null) return pipes.of(touch) ?? asked.of(touch) ?? answer;
    const requested = requests.doneBy(process, touch.lastMs);
    return requested === null || requested.to === "background" ? (asked.of(touch) ?? answer) : requested;
  }

  #attribute(touches: readonly Touch[]): Attribution {
    const judged = touches.map((touch) => ({ touch, ...this.roleOf(touch) }));
    return { to: combined(judged.map(({ to }) => to)), evidence: touchEvidence(judged, this.#sources.witness) };
  }

  /**
   * What was done under another name of the same file: that name came or went, which moves the ctime and the count of
   * links (unless as many came as went), or the file was written to, or given other attributes, under it.
   */
  #touchesOfLinks({ key, before, after, changed }: FileDifference): Touch[] {
    const isSame = after !== null && after.kind !== "directory" && after.ino === before?.ino;
    if (!isSame || (after.links < 2 && !changed.includes("nlink"))) return [];
    const others = (this.#links.get(after.ino) ?? []).filter((each) => each.key !== key);
    return others.flatMap((each) => this.#sources.run.touchesOf(each.key));
  }

  /** Threads of the kernel write to a file for whoever put a loop device into it, maybe for a moment only. */
  #ofAttaching({ key }: FileDifference, touches: readonly Touch[]): Attribution | null {
    if (!touches.every(({ by }) => this.#sources.witness.isOfKernel(by))) return null;
    const attaches = ({ call, parameters }: Act) => call === "ioctl" && attaching.has(parameters["command"] ?? "");
    return this.#ofActs((act) => (attaches(act) ? "kind" : null), {
      names: [key],
      others: this.#changed.filter((other) => other !== key),
    });
  }

  /** What chattr(1) sets leaves no file event. */
  #withFlags(difference: FileDifference, answer: Attribution | null): Attribution | null {
    const { key, changed } = difference;
    const isAnswered = answer !== null && (isOfRun(answer.to) || !changed.includes("flags"));
    if (isAnswered || !mayBeOfFlags(difference)) return answer;
    const acts = this.#acts.filter((act) => settingFlags.has(act.call) && explanationBy(act, "files", key) !== null);
    const fitting = new Set(flagActs(acts, difference));
    const bySetting = (act: Act) => (fitting.has(act) ? explanationBy(act, "files", key) : null);
    return this.#ofActs(bySetting, { names: [key], others: this.#flagged.filter((other) => other !== key) }) ?? answer;
  }

  #ofActs(explains: (act: Act) => Explanation | null, words: Words): Attribution | null {
    const { witness } = this.#sources;
    return attributeActs(this.#acts, { explains, words, witness, roleOf: (touch) => this.roleOf(touch) });
  }
}

/** A loop device goes by the file that it lies in, too: whoever attaches that need not know which device it becomes. */
function namesOfListed({ key, before, after }: ListedDifference): string[] {
  const fact = after ?? before;
  const { backing } = fact?.attributes ?? {};
  return [...namesOf(key, fact?.location ?? ""), ...(typeof backing === "string" ? [backing] : [])];
}

function backingsOf({ before, after }: ListedDifference): string[] {
  return [before, after].flatMap((fact) => {
    const backing = fact?.attributes["backing"];
    return typeof backing === "string" ? [backing] : [];
  });
}

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

/** Attaching a file to a loop device does not detach it, nor the other way round. */
function canBind({ after, before }: ListedDifference, { parameters }: Act): boolean {
  const { command } = parameters;
  if (command === "LOOP_CLR_FD") return before?.attributes["backing"] !== undefined;
  return !(command === "LOOP_CONFIGURE" || command === "LOOP_SET_FD") || after?.attributes["backing"] !== undefined;
}

const attaching: ReadonlySet<string> = new Set(["LOOP_CONFIGURE", "LOOP_SET_FD", "LOOP_CHANGE_FD"]);
const settingFlags: ReadonlySet<string> = new Set(["ioctl", "file_setattr"]);
