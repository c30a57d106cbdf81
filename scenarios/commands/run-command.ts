import { randomBytes } from "node:crypto";

import { ExitCode } from "../../foundation/exit-codes.ts";
import type { ResiduePolicy } from "../../protocol/residue-report.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import { catalog, scenarioNamed } from "../catalog/catalog.ts";
import { type Config, readConfig, runOptions } from "../config.ts";
import { heal } from "../heal.ts";
import { otherRunsWarning } from "../other-runs.ts";
import { checkRunsRoot } from "../run-directory.ts";
import { preflight } from "../preflight.ts";
import type { RunRequest } from "../runner.ts";
import { exitCodeTold } from "./exit-code-told.ts";
import { tellHealed } from "./heal-command.ts";
import { openReporters } from "./open-reporters.ts";
import { type RunStage, stageNamed } from "./run-stage.ts";

export interface RunFlags {
  readonly stage?: string;
  readonly slots?: number;
  readonly jobs?: number;
  readonly cycles?: number;
  readonly seed?: string;
  readonly store?: "memory" | "sqlite";
  readonly policy?: ResiduePolicy;
  readonly deadline?: number;
  readonly config?: string;
  readonly runs: string;
  readonly reporter: readonly string[];
  readonly json?: boolean;
}

/** The worst ending of several runs, worst first; whatever is not named here is worse than all. */
const severity: readonly number[] = [
  ExitCode.harnessBug,
  ExitCode.notUndone,
  ExitCode.interrupted,
  ExitCode.fail,
  ExitCode.usage,
  ExitCode.unknown,
  ExitCode.pass,
];

/** `scenarios run`: undoes what a killed run left, then runs the scenarios; resolves to the worst exit code. */
export async function runCommand(names: readonly string[], flags: RunFlags): Promise<number> {
  const stage = stageNamed(flags.stage, flags);
  const scenarios = names.includes("all") ? [...catalog] : names.map(scenarioNamed);
  const config = withFlags(readConfig(flags.config), flags);
  if (stage === "sim") noteOwnPrograms(config);
  const seed = flags.seed ?? randomBytes(4).toString("hex");
  // Every plan is checked before the first one runs.
  const plans = scenarios.map((scenario) => ({ scenario, options: runOptions(scenario, config, seed) }));
  if (stage === "host") for (const { options } of plans) preflight(options);
  const reporters = openReporters(flags.json === true ? ["json", ...flags.reporter] : flags.reporter, plans.length);
  let worst: number = ExitCode.pass;
  try {
    if (stage === "host") {
      checkRunsRoot(flags.runs);
      const healed = await heal(flags.runs);
      tellHealed(healed, (text) => process.stderr.write(text));
      if (healed.some((run) => run.notUndone.length > 0)) worst = ExitCode.notUndone;
      process.stderr.write(otherRunsWarning(flags.runs) ?? "");
    }
    for (const { scenario, options } of plans) {
      const reproduce = reproduceCommand(scenario.name, flags, seed);
      const request = { scenario, options, runs: flags.runs, reporters: reporters.next(), reproduce };
      const { exitCode, interrupted } = await reported(request, stage);
      if (severity.indexOf(exitCode) < severity.indexOf(worst)) worst = exitCode;
      if (interrupted) break;
    }
  } finally {
    worst = exitCodeTold(worst, reporters.close());
  }
  return worst;
}

/** Runs one scenario; its reporters are closed however it ends. */
async function reported(request: RunRequest, stage: RunStage): Promise<RunVerdict> {
  try {
    return await (await runnerOf(stage))(request);
  } finally {
    for (const reporter of request.reporters) reporter.close();
  }
}

/** Each is loaded where it is asked for: neither needs what the other one has. */
async function runnerOf(stage: RunStage): Promise<(request: RunRequest) => Promise<RunVerdict>> {
  if (stage === "sim") return (await import("../run-on-sim.ts")).runOnSim;
  return (await import("../runner.ts")).runScenario;
}

function withFlags(config: Config, flags: RunFlags): Config {
  return {
    ...config,
    ...(flags.slots === undefined ? {} : { slots: flags.slots }),
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
    ...(flags.cycles === undefined ? {} : { cycles: flags.cycles }),
    ...(flags.policy === undefined ? {} : { policy: flags.policy }),
    ...(flags.deadline === undefined ? {} : { deadlineS: flags.deadline }),
    ...(flags.store === undefined ? {} : { broker: { ...config.broker, store: flags.store } }),
  };
}

/** Nobody is to take a pass in virtual time for one of the agent that the configuration names. */
function noteOwnPrograms({ agent, broker }: Config): void {
  const named = [...(agent === undefined ? [] : ["agent.command"]), ...(broker?.command ? ["broker.command"] : [])];
  if (named.length === 0) return;
  process.stderr.write(
    `In virtual time Houseguest's own agent and broker run; ${named.join(" and ")} of the configuration is for --stage host.\n`,
  );
}

function reproduceCommand(name: string, flags: RunFlags, seed: string): string {
  const options = (["stage", "slots", "jobs", "cycles", "store", "policy", "deadline", "config"] as const).flatMap(
    (key) => (flags[key] === undefined ? [] : [`--${key} ${flags[key]}`]),
  );
  return ["npx scenarios run", name, `--seed ${seed}`, ...options].join(" ");
}
