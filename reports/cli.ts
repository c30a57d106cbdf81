import { Command, CommanderError, Option } from "commander";

import { AssertionError } from "../foundation/assert.ts";
import { HouseguestError, messageOf } from "../foundation/errors.ts";
import { ExitCode } from "../foundation/exit-codes.ts";
import { reporterNames } from "./reporter-names.ts";
import type { HtmlOptions } from "./commands/html.ts";
import { listCommand } from "./commands/list.ts";
import { addReleaseCommands, type LoadJudge } from "./commands/release-commands.ts";
import type { ServeOptions } from "./commands/serve.ts";
import { showCommand } from "./commands/show.ts";
import { rootDefault } from "./runs/run-directory.ts";
import { streamOutput } from "./stream-output.ts";

/**
 * The program `reports`; gives its exit code.
 *
 * @param loadJudge brings whoever knows the scenarios, for the gate and what is attested of it
 */
export async function main(argv: string[], loadJudge?: LoadJudge): Promise<number> {
  const stderr = streamOutput(process.stderr);
  // Commander writes the help by itself: its reader may go away as well.
  streamOutput(process.stdout);
  try {
    let exitCode: ExitCode = ExitCode.pass;
    await program((told) => (exitCode = told), loadJudge).parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return ExitCode.pass;
      // Commander has said what is wrong.
      stderr.write("See `npx reports --help`.\n");
      return ExitCode.usage;
    }
    if (error instanceof HouseguestError) {
      // A list of problems ends its last line itself.
      stderr.write(`${error.message}${error.message.endsWith("\n") ? "" : " "}${error.next}\n`);
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

/** @param ended is told the exit code of a command that comes to a verdict */
function program(ended: (exitCode: ExitCode) => void, loadJudge: LoadJudge | undefined): Command {
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
    .command("html")
    .description("write the page of a run: timeline, residue, latencies, whole history")
    .argument("[run]", "a run's name, its directory, or latest", "latest")
    .option("--output <file>", "where to; by default beside the run's directory")
    .addOption(root())
    .addHelpText("after", htmlHelp)
    .action(async (run: string, options: HtmlOptions) =>
      (await import("./commands/html.ts")).htmlCommand(run, options),
    );
  reports
    .command("serve")
    .description("show all stored runs in the browser, and follow one that runs")
    .argument("[dir]", "folder that holds the runs", rootDefault)
    .option("--port <number>", "0 for any that is free", "7878")
    .option("--host <address>", "what to listen on", "127.0.0.1")
    .option("--allow-host <name...>", "names in a Host header that are answered too")
    .option("--json", "say the address as JSON")
    .addHelpText("after", serveHelp)
    .action(async (dir: string, options: ServeOptions) =>
      (await import("./commands/serve.ts")).serveCommand(dir, options),
    );
  addReleaseCommands(reports, ended, loadJudge);
  for (const command of reports.commands) command.exitOverride();
  return reports;
}

const htmlHelp = `
One file that needs nothing else and loads nothing: it works from a disk, in
an artifact of CI, in light and dark, by keyboard (? lists the keys).

Examples:
  npx reports html
  npx reports html 20260131T101500-withdraw-under-load --output page.html`;

const serveHelp = `
Nothing is written, and only this machine is answered unless --host says
otherwise. It ends on Ctrl-C or SIGTERM.

What programs can ask for:
  GET /api/runs              every run, newest first, with outcome and figures
  GET /api/runs/RUN          one run, as \`reports show --format json\` has it
  GET /api/runs/RUN/events   its history as server-sent events, \`record\` each,
                             \`ended\` when it has a verdict; Last-Event-ID
  GET /api/events            \`runs\`, whenever /api/runs changes

Examples:
  npx reports serve
  npx reports serve --port 0 --json /var/lib/ci/.scenarios`;

const helpEnd = `
Examples:
  npx reports show                                   the newest run
  npx reports show 20260131T101500-withdraw-under-load
  npx reports show --format junit --output junit.xml
  npx reports show --format json | jq .figures.latencies
  npx reports html --output page.html                a page for the browser
  npx reports list
  npx reports serve                                  all runs, in the browser
  npx reports gate --policy release.yaml --all       may this be released?

Exit codes:
  0   the report was written (whatever its verdict: that is in the report);
      of gate and attest: nothing blocks; of verify: all is as attested
  1   of gate and attest: something that was seen is not allowed;
      of verify: something is not as it was attested
  2   of gate and attest: something that had to be seen was not
  64  no such run, or nothing of it can be read, or the command line is wrong
  70  a bug in the harness itself`;
