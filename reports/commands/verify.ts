import { readFileSync, realpathSync, statSync } from "node:fs";

import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { readVerificationKey } from "../attestation/keys.ts";
import { verifyAttestation, type VerifyReport } from "../attestation/verify.ts";
import { checkRows, headline } from "../gate/gate-table.ts";
import { readPolicy } from "../gate/read-policy.ts";
import type { ScenarioJudge } from "../gate/scenario-judge.ts";
import { readArtifact } from "../gate/released-artifacts.ts";
import { findRun } from "../runs/run-directory.ts";
import { streamOutput } from "../stream-output.ts";
import { type Line, renderLines } from "../text/line.ts";
import { printableRecord } from "../text/printable.ts";

const bytesMax = 256 * 1024 * 1024;

export interface VerifyOptions {
  readonly key: string;
  readonly artifact?: string;
  readonly policy?: string;
  readonly json?: true;
  readonly root: string;
  readonly color: boolean;
}

/** `reports verify`: gives 0, or 1 where anything is not as it was attested. */
export async function verifyCommand(
  path: string,
  wanted: readonly string[],
  options: VerifyOptions,
  judge?: ScenarioJudge,
): Promise<ExitCode> {
  const key = readVerificationKey(options.key);
  const bundle = readBundle(path);
  const artifact = options.artifact === undefined ? undefined : await readArtifact(options.artifact);
  const policy = options.policy === undefined ? undefined : readPolicy(options.policy);
  const directories = [...new Set(wanted.map((name) => realpathSync(findRun(name, options.root))))];
  const report = await verifyAttestation({ bundle, key, artifact, policy, directories, judge });
  const stdout = streamOutput(process.stdout, { color: options.color });
  if (options.json === true) stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else stdout.write(renderLines(verifyTable(path, report, stdout.columns), stdout));
  await stdout.flushed();
  return report.result === "pass" ? ExitCode.pass : ExitCode.fail;
}

function verifyTable(path: string, report: VerifyReport, width: number): Line[] {
  const { result, rows } = printableRecord<VerifyReport>(report);
  return [headline(result, [path], "REFUSED"), [], ...checkRows(rows, width)];
}

function readBundle(path: string): Buffer {
  try {
    if (statSync(path).size > bytesMax) throw new Error(`it has more than ${bytesMax} bytes`);
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`Cannot read the bundle ${path}: ${systemCode(error) ?? messageOf(error)}.`, {
      code: "bundle",
      next: "Name a file that `reports attest` wrote.",
      cause: error,
    });
  }
}
