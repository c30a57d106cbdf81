import { Command, CommanderError, Option } from "commander";

import { AssertionError } from "../foundation/assert.ts";
import { HouseguestError, messageOf } from "../foundation/errors.ts";
import { ExitCode } from "../foundation/exit-codes.ts";
import { attestCommand, type AttestOptions } from "./commands/attest.ts";
import { gateCommand, type GateOptions } from "./commands/gate.ts";
import { reporterNames } from "./reporter-names.ts";
import { listCommand } from "./commands/list.ts";
import { showCommand } from "./commands/show.ts";
import { verifyCommand, type VerifyOptions } from "./commands/verify.ts";
import { rootDefault } from "./runs/run-directory.ts";
import { streamOutput } from "./stream-output.ts";

/** The program `reports`; gives its exit code. */
export async function main(argv: string[]): Promise<number> {
  const stderr = streamOutput(process.stderr);
  // Commander writes the help by itself: its reader may go away as well.
  streamOutput(process.stdout);
  try {
    const ending: { code: ExitCode } = { code: ExitCode.pass };
    await program(ending).parseAsync(argv, { from: "user" });
    return ending.code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return ExitCode.pass;
      // Commander has said what is wrong.
      stderr.write("See `npx reports --help`.\n");
      return ExitCode.usage;
    }
    if (error instanceof HouseguestError) {
      stderr.write(`${error.message} ${error.next}\n`);
      return error.exitCode;
    }
    const kind = error instanceof AssertionError ? "" : "Bug in the harness: ";
    stderr.write(`${kind}${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}\n`);
    return ExitCode.harnessBug;
  } finally {
    // Where else could it be said that this one cannot be written?
    await stderr.flushed().catch(() => undefined);
  }
}

/** @param ending where a command that comes to a verdict puts its exit code */
function program(ending: { code: ExitCode }): Command {
  const root = () => new Option("--root <dir>", "folder that holds the runs").default(rootDefault);
  const reports = new Command("reports")
    .description("Reads what scenario runs left behind and derives their reports again.")
    .exitOverride()
    .helpCommand(false)
    .addHelpText("after", helpEnd);
  reports
    .command("show")
    .description("show one run: its verdict, the evidence for it, and what to do next")
    .argument("[run]", "a run's name, its directory, or latest", "latest")
    .addOption(new Option("--format <format>", "how to write it").choices(reporterNames).default("line"))
    .option("--output <file>", "write to a file instead of the terminal")
    .addOption(root())
    .option("--no-color", "no colours (so do NO_COLOR and a pipe; FORCE_COLOR=1 turns them on)")
    .action(showCommand);
  reports
    .command("list")
    .description("list all runs, newest first")
    .option("--json", "as JSON, with every field")
    .addOption(root())
    .option("--no-color", "no colours")
    .action(listCommand);
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
    .action(async (runs: string[], options: GateOptions) => {
      ending.code = await gateCommand(runs, options);
    });
  reports
    .command("attest")
    .description("sign what the gate says of runs, bound to a file that they tested")
    .argument("[run...]", "runs: names, directories, or latest")
    .requiredOption("--artifact <file>", "what was tested")
    .requiredOption("--key <file>", "private key in PEM: Ed25519, or ECDSA on P-256")
    .option("--policy <file>", "what the release is held to")
    .option("--output <file>", "write the bundles to a file instead of stdout")
    .option("--all", "every run under --root")
    .addOption(root())
    .option("--no-color", "no colours")
    .addHelpText("after", attestHelp)
    .action(async (runs: string[], options: AttestOptions) => {
      ending.code = await attestCommand(runs, options);
    });
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
    .action(async (bundle: string, runs: string[], options: VerifyOptions) => {
      ending.code = await verifyCommand(bundle, runs, options);
    });
  for (const command of reports.commands) command.exitOverride();
  return reports;
}

/** Not commander's own way, which would take the runs that come after for files. */
function repeated(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

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

const helpEnd = `
Examples:
  npx reports show                                   the newest run
  npx reports show 20260131T101500-withdraw-under-load
  npx reports show --format junit --output junit.xml
  npx reports show --format json | jq .figures.latencies
  npx reports list
  npx reports gate --policy release.yaml --all       may this be released?

Exit codes:
  0   the report was written (whatever its verdict: that is in the report);
      of gate and attest: nothing blocks; of verify: all is as attested
  1   of gate and attest: something that was seen is not allowed;
      of verify: something is not as it was attested
  2   of gate and attest: something that had to be seen was not
  64  no such run, or nothing of it can be read, or the command line is wrong
  70  a bug in the harness itself`;
