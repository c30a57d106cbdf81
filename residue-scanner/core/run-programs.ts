import type { Evidence } from "../../protocol/residue-report.ts";
import { isOfRun, ofWhom } from "./combined-roles.ts";
import { baseName } from "./delegates.ts";
import { eventLagMs } from "./event-lag.ts";
import { showPath } from "./path-text.ts";
import type { Attribution } from "./process-attribution.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { type RecordedWitness, showProcess } from "./recorded-witness.ts";
import type { RecordedProcess, Recording, TouchKind } from "./recording.ts";

/** Programs that run the file which is their first parameter (execve(2)). */
const interpreters = /^(?:a|ba|da|k|z)?sh$|^(?:perl|python|ruby|node|lua|tclsh|php)[\d.]*$/;
/** Options of shells, and of others, behind which a word may stand that is no script: where it is no path, it is none. */
const withValue: ReadonlySet<string> = new Set("-o +o -O +O -X -W".split(" "));
const putting: readonly TouchKind[] = ["created", "modified", "moved-to"];

/**
 * Says whose program somebody else's process runs, where the run made or changed it before: whatever it does is what the
 * run wrote into it, though others started it (a hook, a script of cron's, a helper of the kernel's).
 *
 * @returns null where nobody of the run did
 */
export function ofProgramRun(
  process: RecordedProcess,
  { run, witness }: { readonly run: RecordedRun; readonly witness: RecordedWitness },
): Attribution | null {
  for (const path of programsOf(process)) {
    const authors = run
      .touchesOf(path)
      .filter(
        ({ kinds, firstMs }) => kinds.some((kind) => putting.includes(kind)) && firstMs <= process.fromMs + eventLagMs,
      )
      .map(({ by }) => ({ by, to: witness.of(by).to }));
    const ours = authors.find(({ to }) => isOfRun(to));
    if (ours === undefined) continue;
    const author = witness.process(ours.by);
    const who = `${author === null ? "a process" : showProcess(author)} of ${ofWhom(ours.to)}`;
    const detail = `runs ${showPath(path)}, which ${who} had written`;
    // Who started it is not the run.
    return { to: "shared", evidence: [{ kind: "request", detail } satisfies Evidence] };
  }
  return null;
}

/** What is to be asked for, of all who came during a recording: the run may have taken its program away again. */
export function programsRun({ processes }: Pick<Recording, "processes">): string[] {
  const came = [...processes.values()].filter(({ isOlder }) => !isOlder);
  return [...new Set(came.flatMap(programsOf))];
}

/** What it runs, and the script where that is an interpreter: as it is told to it, and where that was found. */
function programsOf({ executable, commandLine, opened = "" }: RecordedProcess): string[] {
  const program = executable?.replace(/ \(deleted\)$/, "") ?? "";
  const [, ...words] = (commandLine ?? "").split(" ");
  const isScript = (word: string, index: number) =>
    !/^[-+]/.test(word) && (word.startsWith("/") || !withValue.has(words[index - 1] ?? ""));
  const first = interpreters.test(baseName(program)) ? words.find(isScript) : undefined;
  return [program, opened, first ?? ""].filter((path) => path.startsWith("/"));
}
