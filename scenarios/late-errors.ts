import { ExitCode } from "../foundation/exit-codes.ts";
import { type RunVerdict, worstVerdict } from "../protocol/verdict.ts";
import { recordedVerdict } from "../reports/runs/read-run.ts";
import { unheard } from "./interruption.ts";
import { isOwnBug } from "./own-bug.ts";
import { type RunDirectory, writeVerdict } from "./run-directory.ts";
import { errorSentence } from "./run-words.ts";
import { worstExitCode } from "./suite/suite-exit-code.ts";
import { noteUnheard } from "./unheard-errors.ts";

/**
 * What fails when the error that ended the run has been asked for, which is while it is judged, or after. Nothing is
 * proven by such a run, whatever it was judged to be: its `verdict.json` says so, for whoever reads it later.
 */
export class LateErrors {
  readonly #directory: RunDirectory;
  /** Those that came before there was a verdict. */
  readonly #early: unknown[] = [];
  #isJudged = false;

  /** Of the run that this is part of. */
  constructor(directory: RunDirectory) {
    this.#directory = directory;
    noteUnheard((error) => {
      if (this.#isJudged) this.#note(error);
      else this.#early.push(error);
    });
  }

  /** Writes the verdict down with what came meanwhile; gives it as it was written. */
  write(verdict: RunVerdict): RunVerdict {
    this.#isJudged = true;
    const whole = this.#early.reduce(withLate, verdict);
    writeVerdict(this.#directory, whole);
    return whole;
  }

  /** Where it cannot be written, the program's own end says it alone. */
  #note(error: unknown): void {
    const read = recordedVerdict(this.#directory.path);
    if (!("verdict" in read)) return;
    try {
      writeVerdict(this.#directory, withLate(read.verdict, error));
    } catch {
      // It is told on stderr, and by the exit code, anyway.
    }
  }
}

/** @param error the first one stays */
function withLate(verdict: RunVerdict, error: unknown): RunVerdict {
  const ownBug = isOwnBug(error);
  return {
    ...verdict,
    lifecycle: worstVerdict([verdict.lifecycle, "unknown"]),
    error: verdict.error ?? errorSentence(ownBug ? error : unheard(error)),
    exitCode: worstExitCode([verdict.exitCode, ownBug ? ExitCode.harnessBug : ExitCode.unknown]),
  };
}
