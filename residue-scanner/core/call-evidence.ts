import { attributeActs, isTellingName, leadsTo, namesOf, noWords, type Words } from "./act-attribution.ts";
import { callsOf, type Explanation, explanationBy } from "./call-surfaces.ts";
import { groupKey, userKey } from "./surface-calls.ts";
import { combined, isOfRun } from "./combined-roles.ts";
import {
  type Difference,
  type FileDifference,
  isListed,
  type ListedDifference,
  type ProcessDifference,
  processKey,
} from "./difference.ts";
import type { ProcessFact } from "./fact.ts";
import { flagActs, mayBeOfFlags } from "./flag-acts.ts";
import { attaches, LoopAttachments } from "./loop-attachments.ts";
import { showText } from "./path-text.ts";
import { canHaveDone, hasSurelyEnded } from "./process-acts.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedRun } from "./recorded-run.ts";
import type { RecordedWitness } from "./recorded-witness.ts";
import { type Act, orderCall, type Touch } from "./recording.ts";
import { through } from "./through.ts";
import { isPutting, type RoleOfTouch } from "./touch-attribution.ts";
import { changedThreads } from "./thread-changes.ts";

export interface CallSources {
  readonly run: RecordedRun;
  readonly witness: RecordedWitness;
  readonly differences: readonly Difference[];
}

/** What the recorded system calls say about differences; null where they say nothing. */
export class CallEvidence {
  readonly #run: RecordedRun;
  readonly #witness: RecordedWitness;
  readonly #roleOf: RoleOfTouch;
  /** Files whose flags may have been set. */
  readonly #flagged: ReadonlySet<string>;
  /** Files that were there and are others now, or have other contents. */
  readonly #changed: ReadonlySet<string>;
  /** Disks by their names, `loop0`, and by the files that they lie in. */
  readonly #disks: ReadonlyMap<string, ListedDifference>;
  /** Namespaces that came or went, `net:[4026532000]`. */
  readonly #namespaces: ReadonlySet<string>;
  /** What command lines would call the things that differ, by surface. */
  readonly #names: ReadonlyMap<string, ReadonlySet<string>>;
  /** Of all that was called, what did not fail. */
  readonly #acts: readonly Act[];
  /** Whether every call was seen that is worth an event. */
  readonly #isComplete: boolean;
  readonly #loops: LoopAttachments;
  readonly #roles = new Map<Act, Attribution>();
  readonly #byCalls = new Map<Iterable<string>, readonly Act[]>();

  constructor({ run, witness, differences }: CallSources, roleOf: RoleOfTouch) {
    this.#run = run;
    this.#witness = witness;
    this.#roleOf = roleOf;
    const files = differences.filter((each): each is FileDifference => each.surface === "files");
    this.#flagged = new Set(files.filter(mayBeOfFlags).map(({ key }) => key));
    this.#changed = new Set(files.filter(({ change }) => change === "changed").map(({ key }) => key));
    const listed = differences.filter(isListed);
    this.#namespaces = new Set(
      listed.flatMap(({ surface, change, key }) => (surface === "namespaces" && change !== "changed" ? [key] : [])),
    );
    const disks = listed.filter(({ surface }) => surface === "storage");
    this.#disks = new Map(disks.flatMap((each) => [each.key, ...backingsOf(each)].map((name) => [name, each])));
    this.#names = new Map(
      [...Map.groupBy(listed, ({ surface }) => surface)].map(([surface, differing]) => [
        surface,
        new Set(differing.flatMap(namesOfListed)),
      ]),
    );
    const calls = run.recording.sources.find(({ source }) => source === "calls");
    this.#isComplete = calls?.status === "done";
    this.#acts = run.recording.acts.filter(({ returned }) => returned === null || returned >= 0);
    this.#loops = new LoopAttachments({
      ...{ acts: this.#acts, differences: disks, isComplete: this.#isComplete },
      openersOf: (disk) => this.#openersOf(disk),
    });
  }

  /** Whose a disk is that came, went or changed: its settings and the file that it lies in change with it. */
  ofDisk(name: string): Attribution | null {
    const disk = this.#disks.get(name);
    const done = disk === undefined ? null : this.ofListed(disk);
    return done === null ? null : through(done, `belongs to ${showText(disk?.key ?? name)}`);
  }

  /** Those who had a disk's node open to write to it, as whoever asks by ioctl(2) for something of a loop device does. */
  #openersOf({ surface, key, after, before }: ListedDifference): ReadonlySet<number> {
    if (surface !== "storage" || !key.startsWith("loop")) return new Set();
    const touches = this.#run.touchesOf((after ?? before)?.location ?? "");
    return new Set(touches.filter(isPutting).map(({ by }) => by));
  }

  /**
   * Whose a thing is that is no file, by the system calls that fit to it. What is in a namespace that came or went itself
   * came or went with that; of such only what the run says by its name, or the kernel of the run, is anybody's own.
   */
  ofListed(difference: ListedDifference): Attribution | null {
    const { surface, change, key } = difference;
    const names = namesOfListed(difference);
    const all = this.#names.get(surface) ?? noWords.all;
    const openers = this.#openersOf(difference);
    const explains = (act: Act): Explanation | null => {
      if (!leadsTo(change, act) || !canBind(difference, act) || !this.#canBeAt(key, act)) return null;
      if (this.#loops.excludes(difference, act)) return null;
      const how = explanationBy(act, surface, key);
      return how !== null && act.call === "ioctl" && openers.has(act.by) ? "names" : how;
    };
    if (!this.isWithNamespace(key)) return this.#ofActs(explains, { names, all }, this.#actsOf(surface));
    const certain = this.#ofActs(explains, { names, all, isNeeded: true }, this.#actsOf(surface));
    return certain !== null && isOfRun(certain.to) ? certain : null;
  }

  /** Whose a setting is that has a call of its own, as the host's name does (sethostname(2)), by that call alone. */
  ofSettingCall({ surface, key }: ListedDifference): Attribution | null {
    if (surface !== "sysctls") return null;
    const explains = (act: Act) => (explanationBy(act, surface, key) === "names" ? "names" : null);
    return this.#ofActs(explains, noWords, this.#actsOf(surface));
  }

  /** Whose a device is that came or went, of which nothing tells but its settings: by who ordered the kernel something. */
  ofOrders({ key }: ListedDifference): Attribution | null {
    return this.#ofActs(() => "kind", { ...noWords, names: [key] }, this.#actsBy(orderCalls));
  }

  /** Whether a thing is in a namespace that came or went: it was made with that, and goes with it. */
  isWithNamespace(key: string): boolean {
    const namespace = namespaceIn(key);
    return namespace !== null && this.#namespaces.has(namespace);
  }

  /** Who ended, or set something of, a process that ran before; only calls that name it count. */
  ofChangedProcess({ before, after, change, changed }: ProcessDifference): Attribution | null {
    const fact = after ?? before;
    if (fact === null) return null;
    const endedMs = this.#endOf(fact);
    const { uid, group } = fact;
    const many = [...(uid === null ? [] : [userKey(uid)]), ...(group === undefined ? [] : [groupKey(group)])];
    const keys = [processKey(fact), ...many, ...changedThreads(before, after).map((thread) => `${thread}@`)];
    const explains = (act: Act) => {
      if (!canHaveDone(act, { before, change, changed, after }, endedMs) || !this.#canBeTo(fact, act)) return null;
      return keys.some((key) => explanationBy(act, "processes", key) === "names") ? "names" : null;
    };
    const answer = this.#ofActs(explains, noWords, this.#actsOf("processes"));
    if (answer === null || change !== "vanished" || !isOfRun(answer.to)) return answer;
    const isSure = this.#actsOf("processes").some(
      (act) => hasSurelyEnded(act, endedMs) && explains(act) !== null && isOfRun(this.#roleOfAct(act).to),
    );
    return isSure ? answer : { ...answer, to: combined([answer.to, "background"]) };
  }

  /** Whether it is sure that nobody of the run did that to a process by a call, one that does not say to whom included. */
  isLeftAlone({ after, before, change, changed }: ProcessDifference): boolean {
    const fact = after ?? before;
    if (fact === null || !this.#isComplete) return false;
    return !this.#actsOf("processes").some(
      (act) =>
        canHaveDone(act, { before, change, changed, after }, null) &&
        this.#canBeTo(fact, act) &&
        explanationBy(act, "processes", processKey(fact)) !== null &&
        this.#roleOfAct(act).to !== "background",
    );
  }

  /** Wall time in ms at which a process was seen to end; null of one that was not. */
  #endOf({ pid, startTime }: ProcessFact): number | null {
    return this.#witness.find({ pid, startTime })?.toMs ?? null;
  }

  /** Whether the run mounted something in a network of its own: /sys is another file system there, with the same settings. */
  hasMountedApart(): boolean {
    return this.#acts.some(
      ({ call, by, apart = [] }) =>
        (call === "mount" || call === "move_mount") && apart.includes("net") && isOfRun(this.#witness.of(by).to),
    );
  }

  /** Threads of the kernel write to a file for whoever put a loop device into it, maybe for a moment only. */
  ofAttaching({ key }: FileDifference, touches: readonly Touch[]): Attribution | null {
    if (!touches.every(({ by }) => this.#witness.isKernelThread(by))) return null;
    const explains = (act: Act) => (attaches(act) ? "kind" : null);
    return this.#ofActs(explains, { names: [key], all: this.#changed }, this.#actsBy(attachingCalls));
  }

  /** What chattr(1) sets leaves no file event. */
  withFlags(difference: FileDifference, answer: Attribution | null): Attribution | null {
    const { key, changed } = difference;
    const isAnswered = answer !== null && (isOfRun(answer.to) || !changed.includes("flags"));
    if (isAnswered || !mayBeOfFlags(difference)) return answer;
    const acts = this.#actsBy(settingFlags).filter((act) => explanationBy(act, "files", key) !== null);
    const fitting = new Set(flagActs(acts, difference));
    const bySetting = (act: Act) => (fitting.has(act) ? explanationBy(act, "files", key) : null);
    return this.#ofActs(bySetting, { names: [key], all: this.#flagged }, acts) ?? answer;
  }

  /**
   * The run begins where the scanner is: whoever of it is in another namespace without having gone into one made that,
   * and did nothing in those of others.
   */
  #canBeAt(key: string, { by, apart = [] }: Act): boolean {
    const namespace = namespaceIn(key);
    return !apart.some((kind) => namespace?.startsWith(`${kind}:`) === true) || !isOfRun(this.#witness.of(by).to);
  }

  /** Whether what was sent to a process can have been sent to that one, and not to another that had its pid later, or before. */
  #canBeTo({ pid, startTime }: ProcessFact, { parameters }: Act): boolean {
    const { serial } = parameters;
    if (serial === undefined) return true;
    const meant = this.#witness.find({ pid, startTime });
    if (meant !== null) return String(meant.serial) === serial;
    const target = this.#witness.process(Number(serial));
    return target === null || target.pid !== pid || target.startTime === null;
  }

  #ofActs(explains: (act: Act) => Explanation | null, words: Words, acts: readonly Act[]): Attribution | null {
    return attributeActs(acts, { explains, words, witness: this.#witness, roleOf: (act) => this.#roleOfAct(act) });
  }

  /** Looked up once: much that differs may have come of the same acts. */
  #roleOfAct(act: Act): Attribution {
    const known = this.#roles.get(act);
    if (known !== undefined) return known;
    const role = this.#roleOf({ by: act.by, kinds: [], firstMs: act.atMs, lastMs: act.atMs });
    this.#roles.set(act, role);
    return role;
  }

  /** Those that can explain something of a surface: all others need not be asked about each thing that differs. */
  #actsOf(surface: string): readonly Act[] {
    return this.#actsBy(callsOf(surface));
  }

  /** @param calls the same object for the same calls */
  #actsBy(calls: Iterable<string>): readonly Act[] {
    const known = this.#byCalls.get(calls);
    if (known !== undefined) return known;
    const wanted = new Set(calls);
    const acts = this.#acts.filter(({ call }) => wanted.has(call));
    this.#byCalls.set(calls, acts);
    return acts;
  }
}

/** `net:[4026532000]` of `net:[4026532000] interface x`; null of what is here. */
function namespaceIn(key: string): string | null {
  return /^(?:mnt|net|ipc|uts):\[\d+\](?= )/.exec(key)?.[0] ?? null;
}

/**
 * A loop device goes by the file that it lies in, too, and a BPF program by what whoever loads it calls it: neither need
 * know the number that it gets.
 */
function namesOfListed({ key, before, after }: ListedDifference): string[] {
  const fact = after ?? before;
  const { backing, name } = fact?.attributes ?? {};
  const further = [backing, key.startsWith("bpf ") ? name : undefined];
  const told = further.filter((one) => typeof one === "string").filter(isTellingName);
  return [...namesOf(key, fact?.location ?? ""), ...told];
}

function backingsOf({ before, after }: ListedDifference): string[] {
  return [before, after].flatMap((fact) => {
    const backing = fact?.attributes["backing"];
    return typeof backing === "string" ? [backing] : [];
  });
}

/** Attaching a file to a loop device does not detach it, nor the other way round. */
function canBind({ after, before }: ListedDifference, { parameters }: Act): boolean {
  const { command } = parameters;
  if (command === "LOOP_CLR_FD") return before?.attributes["backing"] !== undefined;
  return !(command === "LOOP_CONFIGURE" || command === "LOOP_SET_FD") || after?.attributes["backing"] !== undefined;
}

const settingFlags: ReadonlySet<string> = new Set(["ioctl", "file_setattr"]);
const attachingCalls: readonly string[] = ["ioctl"];
const orderCalls: readonly string[] = [orderCall];
