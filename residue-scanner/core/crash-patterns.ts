import type { Snapshot } from "./snapshot.ts";

/** Key of the setting among the sysctls. */
const settingKey = "kernel.core_pattern";
/** What stands for who crashed, the best first: of the first PID namespace, then of its own; threads have numbers, too. */
const whoCrashed: readonly string[] = ["P", "p", "I", "i"];
/** Numbers, each without a space: of the above, user, group, dumpable mode, signal, time, limit, processor, pidfd. */
const numbers: ReadonlySet<string> = new Set("PpIiugdstcCF".split(""));
/** A word of more is not looked into: nobody writes such, and one made for it could be read in very many ways. */
const numbersInWordMax = 3;

/** What crashes were piped into, as far as readings of the host tell: in between it may have been something else. */
export function crashPatterns(readings: readonly Pick<Snapshot, "listed">[]): readonly string[] {
  const values = readings.flatMap(({ listed }) =>
    (listed.sysctls ?? []).filter(({ key }) => key === settingKey).map(({ attributes }) => String(attributes["value"])),
  );
  return [...new Set(values)].filter((value) => value.startsWith("|"));
}

/**
 * Whose pid a helper's command line names, by the place that it has in the pattern (core(5)): any other number there may be
 * a user's, a signal's or a time.
 *
 * @param pattern begins with `|`
 * @returns null where the command line is not of that pattern, or the place cannot be told; a pid of null where the pattern
 *   names nobody
 */
export function namedBy(pattern: string, commandLine: string): { readonly pid: number | null } | null {
  const wanted = pattern.slice(1).trim().split(/\s+/);
  const words = commandLine.split(" ");
  // The program of a script is its interpreter.
  const start = words.indexOf(wanted[0] ?? "");
  if (start === -1) return null;
  const said = words.slice(start);
  const named = new Map<string, number>();
  const firstText = wanted.findIndex(isText);
  const lastText = wanted.findLastIndex(isText);
  for (const [index, word] of wanted.entries()) {
    // A program's name or a path may have spaces: what stands behind one is counted from the end.
    if (firstText !== -1 && index >= firstText && index <= lastText) continue;
    const at = firstText === -1 || index < firstText ? index : said.length - wanted.length + index;
    if (!takeWord(word, said[at] ?? "", named)) return null;
  }
  if (firstText === -1 && said.length !== wanted.length) return null;
  const pid = whoCrashed.map((letter) => named.get(letter)).find((each) => each !== undefined);
  if (pid !== undefined) return { pid };
  return wanted.some((word) => lettersOf(word).some((letter) => whoCrashed.includes(letter))) ? null : { pid: null };
}

/** `p` and `E` of `-p%p%%%E`. */
function lettersOf(word: string): string[] {
  return [...word.replaceAll("%%", "").matchAll(/%(.?)/g)].map(([, letter = ""]) => letter);
}

/** Whether what stands there is not told by its form. */
function isText(word: string): boolean {
  const letters = lettersOf(word);
  return letters.length > numbersInWordMax || letters.some((letter) => !numbers.has(letter));
}

/** @returns whether a word is of that form; what it names goes into `named` */
function takeWord(wanted: string, said: string, named: Map<string, number>): boolean {
  const letters: string[] = [];
  const form = wanted.split(/(%.)/).map((part) => {
    if (!/^%./.test(part)) return RegExp.escape(part);
    if (part === "%%") return "%";
    letters.push(part.slice(1));
    return "(\\d+)";
  });
  const found = new RegExp(`^${form.join("")}$`).exec(said);
  if (found === null) return false;
  for (const [index, letter] of letters.entries()) named.set(letter, Number(found[index + 1]));
  return true;
}
