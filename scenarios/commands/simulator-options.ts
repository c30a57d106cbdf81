import { join } from "node:path";

import type { Command } from "commander";

import { wrapText } from "../../foundation/wrap-text.ts";
import { replayStageNames } from "../simulating/replay-stages.ts";
import { profiles } from "../simulator/plan/plan-request.ts";
import { nonEmpty, whole } from "./option-values.ts";
import type { ReplayFlags } from "./replay-command.ts";
import type { SimulateFlags } from "./simulate-command.ts";

const runsDefault = ".scenarios";
/** Where plans of failures are written unless told otherwise. */
const plansDefault = join(runsDefault, "plans");
const agentsMax = 1_000_000;
const seedsMax = 1_000_000_000;
const minutesMax = 31 * 24 * 60;
const workersMax = 64;

const simulateHelp = `
Profiles:
${Object.entries(profiles)
  .map(([name, says]) => wrapText(says, { indent: `  ${name.padEnd(6)} `, hanging: " ".repeat(9) }))
  .join("\n")}

A seed is any text, and stands for one run: its cast, what it does, what breaks,
and when. --seed S runs that one seed; --seed S --seeds N runs S-0 to S-(N-1);
without --seed a base is drawn and printed.

Examples:
  scenarios simulate                                  # 100 new seeds
  scenarios simulate --seed "$(git rev-parse HEAD)"   # one seed for this commit
  scenarios simulate --profile quick --until-failure
  scenarios simulate --profile churn --seeds 3 --json
  scenarios simulate --seeds 50 --determinism         # every seed twice

Exit codes:
  0    no seed failed
  1    one did: the last line is the command that shows it again
  64   usage
  70   a bug in the harness
  130  interrupted, with a summary of what had run`;

const replayHelp = `
Examples:
  scenarios replay .scenarios/plans/lease-exclusivity-42.json
  scenarios replay plan.json --history history.jsonl
  scenarios replay plan.json --stage host     # real processes on this machine

Exit codes:
  0    nothing is violated (any more)
  1    the violation shows, or another
  64   usage: also a plan that real processes cannot carry out
  70   a bug in the harness
  With --stage host also 2 unknown, 3 not undone, 130 interrupted.`;

/** `scenarios simulate` and `scenarios replay`; each is loaded when it is asked for. */
export function addSimulatorCommands(program: Command, ended: (exitCode: number) => void): void {
  program
    .command("simulate")
    .description("run agents, broker, hosts and network in virtual time, seed after seed, and shrink what fails")
    .option("--seed <text>", "any text: this seed alone, or with --seeds what the seeds' names begin with", nonEmpty)
    .option("--seeds <n>", "how many seeds (default: 100, or 1 with --seed)", whole(seedsMax))
    .option("--profile <name>", `what kind of runs: ${Object.keys(profiles).join(", ")}`, "swarm")
    .option("--agents <n>", "how many agents, instead of what each seed draws", whole(agentsMax))
    .option("--minutes <n>", "how long anything may fail, in virtual minutes", whole(minutesMax))
    .option("--jobs <n>", "how many worker threads (default: one a core, at most 4)", whole(workersMax))
    .option("--until-failure", "go on with new seeds until one fails or Ctrl-C")
    .option("--determinism", "run every seed twice and compare the two")
    .option("--no-shrink", "write the plan of a failure down as it is")
    .option("--out <dir>", "where plans of failures are written", plansDefault)
    .option("--coverage", "list every cell of the coverage table that no seed reached")
    .option("--json", "one JSON object on stdout, and nothing else there")
    .addHelpText("after", simulateHelp)
    .action(async (flags: SimulateFlags) => {
      const { simulateCommand } = await import("./simulate-command.ts");
      ended(await simulateCommand(flags));
    });
  program
    .command("replay")
    .description("run the plan of a failure again")
    .argument("<file>", "a plan that `scenarios simulate` wrote")
    .option("--stage <name>", `where: ${replayStageNames.join(" or ")}`, "sim")
    .option("--history <file>", "write every event of the run to a file, one JSON object a line")
    .option("--runs <dir>", "where the stage host makes its run directory", runsDefault)
    .option("--json", "as JSON")
    .addHelpText("after", replayHelp)
    .action(async (file: string, flags: ReplayFlags) => {
      const { replayCommand } = await import("./replay-command.ts");
      ended(await replayCommand(file, flags));
    });
}
