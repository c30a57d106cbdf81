import type { Evidence } from "../../protocol/residue-report.ts";
import type { Explanation } from "./call-surfaces.ts";
import { combined, isOfRun, ofWhom } from "./combined-roles.ts";
import type { ListedDifference } from "./difference.ts";
import { showPath, showText } from "./path-text.ts";
import type { Attribution } from "./process-attribution.ts";
import { type RecordedWitness, showProcess } from "./recorded-witness.ts";
import type { Act, RecordedProcess } from "./recording.ts";
import { isOfAnyRoute, withTellingWords } from "./telling-words.ts";

export interface ActKnowledge {
  readonly explains: (act: Act) => Explanation | null;
  readonly words: Words;
  readonly witness: RecordedWitness;
  readonly roleOf: (act: Act) => Attribution;
}

/** Whose a thing is by the calls that explain it; null where none does. */
export function attributeActs(
  acts: readonly Act[],
  { explains, words: { names, all, isNeeded = false }, witness, roleOf }: ActKnowledge,
): Attribution | null {
  const fitting = acts.map((act) => ({ act, how: explains(act) })).filter(({ how }) => how !== null);
  const named = fitting.filter(({ how }) => how === "names");
  const certain = named.length > 0 ? named : fitting.filter(({ how }) => how === "near");
  const candidates = (certain.length > 0 ? certain : fitting).map(({ act, how }) => {
    const { to, evidence } = roleOf(act);
    return { act, how, process: witness.process(act.by), to, evidence };
  });
  // A process whose own words name the thing did it, rather than one that only made the same kind of call; and one
  // whose words name another thing that differs did that.
  const naming = candidates.filter(
    ({ act, process }) => !witness.isScanner(act.by) && names.some((name) => says(process, name)),
  );
  const saysAnother = (process: RecordedProcess | null) =>
    wordsOf(process)
      .values()
      .some((word) => all.has(word) && !names.includes(word));
  // The harness, too, opens sockets by which a network could be set: that alone says nothing.
  const open = candidates.filter(({ process, to }) => to !== "harness" && !saysAnother(process));
  const guessed = isNeeded ? [] : open;
  const told = naming.length > 0 ? naming : certain.length > 0 ? candidates : guessed;
  if (told.length === 0) return null;
  const to = combined(told.map((each) => each.to));
  // Somebody who is there may have done it as well.
  const isFar = naming.length === 0 && told.every(({ how, to }) => how === "elsewhere" || !isOfRun(to));
  return { to: isFar && isOfRun(to) ? "shared" : to, evidence: actEvidence(told) };
}

/** Calls that only take away, and calls that only bring; what is used is neither made nor removed by that. */
const taking: ReadonlySet<string> = new Set([
  "umount2",
  "swapoff",
  "delete_module",
  "mq_unlink",
  "shmctl",
  "semctl",
  "msgctl",
  "msgsnd",
  "msgrcv",
]);
const bringing: ReadonlySet<string> = new Set([
  "swapon",
  "init_module",
  "finit_module",
  "mq_open",
  "add_key",
  "mount_setattr",
  "msgsnd",
  "msgrcv",
]);

/** Whether a call can have led to this kind of change. */
export function leadsTo(change: ListedDifference["change"], { call, parameters }: Act): boolean {
  const { message } = parameters;
  if (message !== undefined && change !== "changed") {
    // An interface that is set down, or named anew, takes away; nothing else that comes does.
    return change === "appeared" ? !message.startsWith("RTM_DEL") : /^RTM_(?:DEL|NEWLINK)/.test(message);
  }
  if (change === "appeared") return !taking.has(call);
  return change === "changed" || !bringing.has(call);
}

/** What a command line may say: the thing in question, and all of its surface that differ. */
export interface Words {
  readonly names: readonly string[];
  /** Those of the thing in question may be among them: with a set of its own for each, much time goes where much differs. */
  readonly all: ReadonlySet<string>;
  /** Whether whoever only made the same kind of call says nothing, where neither words nor the call name the thing. */
  readonly isNeeded?: boolean;
}
export const noWords: Words = { names: [], all: new Set() };

interface JudgedAct extends Attribution {
  readonly act: Act;
  readonly process: RecordedProcess | null;
}

/** Of each side so many are named. */
const namedMax = 2;

function actEvidence(judged: readonly JudgedAct[]): Evidence[] {
  const sides = Map.groupBy(judged, ({ to }) => to);
  return [...sides.values()].flatMap((all) =>
    all.slice(0, namedMax).flatMap(({ act, process, to, evidence }): Evidence[] => {
      const [why, ...further] = evidence;
      const who = process === null ? "a process that was not seen to start" : showProcess(process);
      // The recorder's own number of a process tells a reader nothing.
      const told = Object.entries(act.parameters).filter(([name]) => name !== "serial");
      const words = told.map(([name, value]) => `${name} ${showText(value)}`);
      const what = words.length === 0 ? act.call : `${act.call} (${words.join(", ")})`;
      const cgroup = process === null || process.cgroup === null ? "" : `, in cgroup ${showPath(process.cgroup)}`;
      const detail = `${who} of ${ofWhom(to)}${cgroup} called ${what}${why === undefined ? "" : `; it ${why.detail}`}`;
      return [{ kind: why?.kind === "request" ? "request" : "recorder", detail }, ...further];
    }),
  );
}

/** Whether a process's command line has this word. */
export function says(process: RecordedProcess | null, name: string): boolean {
  return wordsOf(process).has(name);
}

/**
 * The words of a process's command line. Taken apart once: on a busy host it is asked for each call of each process,
 * and of each thing that differs.
 */
export function wordsOf(process: RecordedProcess | null): ReadonlySet<string> {
  if (process === null) return noWordsAtAll;
  const known = wordsOfProcesses.get(process);
  if (known !== undefined) return known;
  const words = new Set((process.commandLine ?? "").split(/[\s=,:'"()]+/).filter(Boolean));
  wordsOfProcesses.set(process, words);
  return words;
}

const noWordsAtAll: ReadonlySet<string> = new Set();
const wordsOfProcesses = new WeakMap<RecordedProcess, ReadonlySet<string>>();

/** What is in another namespace has the words that it would have here. */
const inNamespace = /^(?:mnt|net|ipc|uts):\[\d+\] /;
/**
 * What a key begins with says of what kind a thing is, unless that is its path: most in a word, some in two, and of which
 * family in one more.
 */
const kindOfThing = /^(?:bpf |nft \S+ |(?:rule|route) (?=ipv))?(?!\/)\S+ ?/;
/** A number of fewer digits stands for anything in a program's text: `bytes(112)` had it name BPF program 112. */
const shortNumber = /^\d{1,4}$/;
const charactersMin = 3;

/** Whether a command line that has this word can be taken to name the thing: one without a name has "" for one. */
export function isTellingName(name: string): boolean {
  return name.length >= charactersMin && !shortNumber.test(name);
}

/** By what a command line would call it: its place, and the words of its key but those of its kind. */
export function namesOf(key: string, location: string): string[] {
  const own = key.replace(inNamespace, "");
  const words = withTellingWords(own).replace(kindOfThing, "").split(" ");
  const names = [location, ...words, ...words.map((word) => word.replace(/\/\d+$/, ""))];
  return names.filter((name) => isTellingName(name) && !isOfAnyRoute(own, name));
}
