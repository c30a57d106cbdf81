import { realpathSync } from "node:fs";

import type { ExitCode } from "../../foundation/exit-codes.ts";
import { attest } from "../attestation/attest.ts";
import { readSigningKey } from "../attestation/keys.ts";
import { fileOutput } from "../file-output.ts";
import { gateTable } from "../gate/gate-table.ts";
import type { ScenarioJudge } from "../gate/scenario-judge.ts";
import { readPolicy } from "../gate/read-policy.ts";
import { readArtifact } from "../gate/released-artifacts.ts";
import { findRun } from "../runs/run-directory.ts";
import { streamOutput } from "../stream-output.ts";
import { renderLines } from "../text/line.ts";
import { namedRuns } from "./gate.ts";

export interface AttestOptions {
  readonly artifact: string;
  readonly key: string;
  readonly policy?: string;
  readonly output?: string;
  readonly all?: true;
  readonly root: string;
  readonly color: boolean;
}

/** `reports attest`: judges as `gate` does, and signs what came of it; the exit code is the gate's. */
export async function attestCommand(
  wanted: readonly string[],
  options: AttestOptions,
  judge?: ScenarioJudge,
): Promise<ExitCode> {
  const key = readSigningKey(options.key);
  const policy = options.policy === undefined ? undefined : readPolicy(options.policy);
  const artifact = await readArtifact(options.artifact);
  const names = namedRuns(wanted, options);
  const directories = [...new Set(names.map((name) => realpathSync(findRun(name, options.root))))];
  const { report, text } = await attest({ directories, policy, artifact, key, nowMs: Date.now(), judge });
  if (options.output === undefined) {
    const stdout = streamOutput(process.stdout);
    stdout.write(text);
    await stdout.flushed();
  } else {
    const file = fileOutput(options.output, { name: "attestation", code: "output" });
    file.write(text);
    const failure = file.close();
    if (failure !== null) throw failure;
  }
  // The bundle may be what stdout is for.
  const stderr = streamOutput(process.stderr, { color: options.color });
  stderr.write(renderLines(gateTable(report, stderr.columns), { columns: stderr.columns, color: stderr.color }));
  return report.exitCode as ExitCode;
}
