import { setImmediate } from "node:timers/promises";

import { exitCodeForVerdict } from "../core/verdict.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { type ResiduePolicy, residuePolicies, type ResidueReport, type Waiver } from "../../protocol/residue-report.ts";
import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import { readPolicyFile } from "../policy-file.ts";
import { type RenderOptions, renderReport } from "../render.ts";

/**
 * What counts: a built-in policy, or a file that stands on one.
 *
 * @throws UsageError for an unknown policy, or a file that cannot be used
 */
export function policyOf(
  { policy, policyFile }: { readonly policy?: string; readonly policyFile?: string },
  seen: { narrowed: boolean },
): { readonly policy: ResiduePolicy; readonly waivers?: readonly Waiver[] } {
  return policyFile === undefined ? { policy: policyFrom(policy, seen) } : readPolicyFile(policyFile, Date.now());
}

/** The policy that was asked for. Without one: whoever sees only part of the host is told so and passes. */
function policyFrom(text: string | undefined, { narrowed }: { narrowed: boolean }): ResiduePolicy {
  if (text === undefined) return narrowed || process.geteuid?.() !== 0 ? "developer" : "ci";
  const policy = residuePolicies.find((name) => name === text);
  if (policy !== undefined) return policy;
  throw new UsageError(`There is no policy "${text}".`, {
    code: "no-such-policy",
    next: `Use one of ${residuePolicies.join(", ")}.`,
  });
}

/** Writes the report: as JSON to stdout, or for people to the given stream. */
export function writeReport(report: ResidueReport, { json, to }: { json: boolean; to: NodeJS.WriteStream }): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  to.write(renderReport(report, formOf(to)));
}

/** How wide a stream is and whether it takes colours: a pipe is 80 columns wide, and plain. */
export function formOf(to: NodeJS.WriteStream): RenderOptions {
  return { columns: to.columns ?? 80, color: to.isTTY && (process.env["NO_COLOR"] ?? "") === "" };
}

export function exitCodeForReport({ verdict, policy }: ResidueReport): ExitCode {
  return exitCodeForVerdict(verdict, policy);
}

/**
 * Watches stdout and stderr from here on: a reader that goes away (`| head`, a closed terminal) is no reason to end, nor
 * a failure.
 *
 * @returns a function that tells what could not be written for another reason (a full disk), in a sentence, or null
 */
export function watchOutput(): () => Promise<string | null> {
  let failure: unknown = null;
  const watch = (stream: NodeJS.WriteStream) => {
    stream.on("error", (error) => {
      if (!readerGone.has(systemCode(error) ?? "")) failure ??= error;
    });
  };
  watch(process.stdout);
  watch(process.stderr);
  return async () => {
    // Streams tell of an error in a later turn.
    await setImmediate();
    return failure === null ? null : `The output could not be written: ${messageOf(failure)}.`;
  };
}

/** EPIPE: the pipe's reader is gone; EIO: the terminal is. */
const readerGone: ReadonlySet<string> = new Set(["EPIPE", "EIO"]);

/** What passed and could not be told did not pass. */
export function codeWhenLost(exitCode: number): number {
  return exitCode === ExitCode.pass ? ExitCode.unknown : exitCode;
}
