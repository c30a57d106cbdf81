import { inspect } from "node:util";

import { ExitCode } from "../foundation/exit-codes.ts";
import { unheard } from "./interruption.ts";
import { isOwnBug } from "./own-bug.ts";
import { worstExitCode } from "./suite/suite-exit-code.ts";
import { tellAtOnce } from "./tell-at-once.ts";
import { hearBeyondRuns, isAnyRunUnderWay } from "./unheard-errors.ts";

/** What Node ends with where the first file waits at its top for what never comes. */
const nodeWaitsForNothing = 13;

/** Of the command; undefined until it is done. */
let result: number | undefined;
/** The worst of what failed when no run heard it. */
let beyond: number = ExitCode.pass;

/**
 * The one place that decides with which code the process of `scenarios` ends, until it has: files of a user's run in
 * it too, and may end it, set its code, or fail, before the command is done or when it is.
 */
export function guardEnd(): void {
  const exit = process.exit.bind(process);
  process.exit = (code) => {
    judgeLast();
    return exit(decided(Number(code ?? process.exitCode ?? ExitCode.pass)));
  };
  process.on("newListener", (event, listener) => {
    if (event === "exit" && listener !== lastWord) queueMicrotask(judgeLast);
  });
  judgeLast();
  hearBeyondRuns((error, run) => {
    const ownBug = isOwnBug(error);
    noteBeyond(beyondSentence(error, run), ownBug);
    // What no run is undone for, and may be waited for in vain.
    if (ownBug && result === undefined && !isAnyRunUnderWay()) process.exit(ExitCode.harnessBug);
    // All is told: as it would end without this, so that nothing that fails again and again keeps it.
    if (result !== undefined) process.exit();
  });
}

/** What came of the command; what comes later makes it no better. */
export function noteResult(code: number): number {
  result = code;
  return decided(code);
}

/** What failed where no run heard it, as `beyondSentence` has it; nothing is proven then. */
export function noteBeyond(sentence: string, ownBug: boolean): void {
  beyond = worstExitCode([beyond, ownBug ? ExitCode.harnessBug : ExitCode.unknown]);
  tellAtOnce(sentence);
}

/** @param run the name of the one that it is of, which is over or has failed already */
export function beyondSentence(error: unknown, run: string | undefined): string {
  if (isOwnBug(error)) return `A bug in the harness: ${inspect(error)}\n`;
  const { message, next } = unheard(error);
  return `${run === undefined ? "Outside of every run" : `Of the run of ${run}`}: ${message} ${next}\n`;
}

/** Whoever listens for the end after this has the last word: nobody. */
function judgeLast(): void {
  process.off("exit", lastWord);
  process.on("exit", lastWord);
}

function lastWord(code: number): void {
  process.exitCode = decided(Number(process.exitCode ?? code));
}

function decided(code: number): number {
  if (result === undefined && (code === ExitCode.pass || code === nodeWaitsForNothing)) {
    result = ExitCode.unknown;
    const why = code === ExitCode.pass ? "something called process.exit()" : "it waits for what can never come";
    const next = "Look at the scenario's file, the configuration and what they import.";
    tellAtOnce(`The program ended before it was done: ${why}. Nothing is judged. ${next}\n`);
    return worstExitCode([result, beyond]);
  }
  return worstExitCode([code, result ?? ExitCode.pass, beyond]);
}
