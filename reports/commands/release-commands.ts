import { type Command, Option } from "commander";

import type { ExitCode } from "../../foundation/exit-codes.ts";
import { rootDefault } from "../runs/run-directory.ts";
import type { ScenarioJudge } from "../gate/scenario-judge.ts";
import type { AttestOptions } from "./attest.ts";
import type { GateOptions } from "./gate.ts";
import type { VerifyOptions } from "./verify.ts";

const gateHelp = `
Every run that is named must be good enough, those too for which the policy
does not ask. docs/release-gate.md tells what a policy can say, and
docs/release-gate.yaml is an example.

Examples:
  npx reports gate --policy release.yaml latest
  npx reports gate --policy release.yaml --all
  npx reports gate --policy release.yaml --all --artifact agent.tgz --json

Exit codes:
  0   nothing blocks
  1   something that was seen is not allowed
  2   something that had to be seen was not; this blocks as well
  64  the policy cannot be used (file, line, nearest name), or no such run`;

const attestHelp = `
A run with real processes that says what it tested must have tested the
artifact. One that does not say is taken too, unless the policy names
artifacts: then it blocks.

Two in-toto statements about the artifact, each in a sigstore bundle on a line
of its own: the test result and the residue, with the digests of the policy
and of every file of the runs. The gate's table goes to stderr.

Examples:
  openssl genpkey -algorithm ed25519 -out release.key
  openssl pkey -in release.key -pubout -out release.pub
  npx reports attest --all --policy release.yaml --artifact agent.tgz \\
      --key release.key --output agent.tgz.intoto.jsonl

Exit codes: as of gate; what does not pass is signed as FAILED.`;

const verifyHelp = `
What is not given is not compared, and told so. With every run and the policy
the gate is asked again, as of the moment of the attestation.

Examples:
  npx reports verify agent.tgz.intoto.jsonl --key release.pub \\
      --artifact agent.tgz --policy release.yaml
  npx reports verify agent.tgz.intoto.jsonl .scenarios/2026* --key release.pub

Exit codes:
  0   everything that was given is as attested, and that is a pass
  1   anything is not: bundle, key, artifact, policy, runs, or their result
  64  a file or a run is not there, or is no key, or no policy`;

/** `reports gate`, `attest` and `verify`; each is loaded when it is asked for. */
export function addReleaseCommands(
  reports: Command,
  ended: (exitCode: ExitCode) => void,
  loadJudge: LoadJudge = async () => undefined,
): void {
  addGate(reports, ended, loadJudge);
  addAttest(reports, ended, loadJudge);
  addVerify(reports, ended, loadJudge);
}

/** Loads whoever knows the scenarios, which takes a moment; undefined where nobody does. */
export type LoadJudge = () => Promise<ScenarioJudge | undefined>;

function addGate(reports: Command, ended: (exitCode: ExitCode) => void, loadJudge: LoadJudge): void {
  reports
    .command("gate")
    .description("judge runs by a release's policy: what passed, and what blocks")
    .argument("[run...]", "runs: names, directories, or latest")
    .requiredOption("--policy <file>", "what the release is held to, in YAML")
    .option("--artifact <file>", "a file to be released; may be repeated", repeated)
    .option("--all", "every run under --root")
    .option("--json", "as JSON, with every row")
    .addOption(root())
    .option("--no-color", "no colours")
    .addHelpText("after", gateHelp)
    .action(async (runs: string[], options: GateOptions) =>
      ended(await (await import("./gate.ts")).gateCommand(runs, options, await loadJudge())),
    );
}

function addAttest(reports: Command, ended: (exitCode: ExitCode) => void, loadJudge: LoadJudge): void {
  reports
    .command("attest")
    .description("sign what the gate says of runs, bound to the file that is released")
    .argument("[run...]", "runs: names, directories, or latest")
    .requiredOption("--artifact <file>", "what is released")
    .requiredOption("--key <file>", "private key in PEM: Ed25519, or ECDSA on P-256")
    .option("--policy <file>", "what the release is held to")
    .option("--output <file>", "write the bundles to a file instead of stdout")
    .option("--all", "every run under --root")
    .addOption(root())
    .option("--no-color", "no colours")
    .addHelpText("after", attestHelp)
    .action(async (runs: string[], options: AttestOptions) =>
      ended(await (await import("./attest.ts")).attestCommand(runs, options, await loadJudge())),
    );
}

function addVerify(reports: Command, ended: (exitCode: ExitCode) => void, loadJudge: LoadJudge): void {
  reports
    .command("verify")
    .description("verify what was attested, and compare it with what is here")
    .argument("<bundle>", "a file that attest wrote")
    .argument("[run...]", "runs whose files are compared")
    .requiredOption("--key <file>", "public key in PEM")
    .option("--policy <file>", "compare this policy")
    .option("--artifact <file>", "compare this file")
    .option("--json", "as JSON, with both statements")
    .addOption(root())
    .option("--no-color", "no colours")
    .addHelpText("after", verifyHelp)
    .action(async (bundle: string, runs: string[], options: VerifyOptions) =>
      ended(await (await import("./verify.ts")).verifyCommand(bundle, runs, options, await loadJudge())),
    );
}

function root(): Option {
  return new Option("--root <dir>", "folder that holds the runs").default(rootDefault);
}

/** Not commander's own way, which would take the runs that come after for files. */
function repeated(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
