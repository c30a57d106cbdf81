import { fileURLToPath } from "node:url";

import * as z from "zod";

import { UsageError } from "../foundation/errors.ts";
import { limits } from "../foundation/limits.ts";
import { oneCollectorThread, steadyNodeFlags } from "../foundation/steady-node.ts";
import { residuePolicies } from "../protocol/residue-report.ts";
import { defaultTiming, Timing } from "../protocol/timing.ts";
import { brokenRulesInLines, brokenTimingRules } from "../protocol/timing-rules.ts";
import { perJobMs } from "./steps/per-job-ms.ts";
import type { Scenario, ScenarioKnobs } from "./steps/scenario.ts";
import { type TestedArtifact, testedArtifacts } from "./tested-artifacts.ts";
import { type StoreKind, storeKinds } from "./steps/store-kinds.ts";

const Command = z.array(z.string().min(1)).min(1);
const Seconds = z
  .number()
  .positive()
  .max(limits.timerMsMax / 1000);

/** What `scenarios run` takes on its command line, by the same names; what is said there wins. */
const flagDefaults = {
  all: z.boolean().optional(),
  grep: z.string().min(1).optional(),
  grepInvert: z.string().min(1).optional(),
  lastFailed: z.boolean().optional(),
  repeatEach: z.int().min(1).optional(),
  shard: z
    .string()
    .regex(/^\d+\/\d+$/, "K/N")
    .optional(),
  workers: z.int().min(1).optional(),
  retries: z.int().min(0).optional(),
  failOnFlaky: z.boolean().optional(),
  maxFailures: z.int().min(1).optional(),
  stage: z.string().optional(),
  seed: z.string().min(1).optional(),
  store: z.enum(storeKinds).optional(),
  /** `90s`, `2m`, or seconds. */
  timeout: z.union([Seconds, z.string()]).optional(),
  /** Where run directories are made; from the configuration's own folder. */
  output: z.string().min(1).optional(),
  keep: z.boolean().optional(),
  dryRun: z.boolean().optional(),
  /** As after `--reporter`, one or several. */
  reporter: z.union([z.string(), z.array(z.string())]).optional(),
  json: z.boolean().optional(),
} as const;

/** `scenarios.config.ts` or `houseguest.config.json`: everything is optional, and the command line wins over it. */
export const Config = z.strictObject({
  ...flagDefaults,
  /** Where scenarios of one's own lie: globs, from the configuration's own folder. */
  scenarios: z.union([z.string().min(1), z.array(z.string().min(1))]).optional(),
  /** A command that understands `donor-agent`'s options, or the file of an adapter, from the configuration's own folder. */
  agent: z.union([z.strictObject({ command: Command }), z.string().min(1)]).optional(),
  broker: z.strictObject({ command: Command.optional(), store: z.enum(storeKinds).optional() }).optional(),
  timing: Timing.partial().optional(),
  policy: z.enum(residuePolicies).optional(),
  slots: z.int().min(1).max(limits.slotsMax).optional(),
  jobs: z.int().min(1).max(limits.jobsPerRunMax).optional(),
  cycles: z.int().min(1).max(limits.cyclesMax).optional(),
  deadlineS: Seconds.optional(),
  /** The files that are tested, for `reports gate` to tell by their digests. */
  artifacts: z.array(z.string().min(1)).optional(),
});
export type Config = z.infer<typeof Config>;
export type ConfigInput = z.input<typeof Config>;

const ownAgent = builtIn("donor-agent", ...steadyNodeFlags);
/** Threads of its collector would be on the processors on which jobs are to stop, and that time would be the agent's. */
const ownBroker = builtIn("broker-sim", oneCollectorThread);

const deadlineSDefault = 600;

/** What `--timeout` takes at the most: a day. */
const deadlineMsMax = 86_400_000;

/** A run's options with every default filled in; printed first and kept in the verdict. */
export interface RunOptions {
  readonly knobs: ScenarioKnobs;
  readonly timing: Timing;
  readonly policy: (typeof residuePolicies)[number];
  readonly store: StoreKind;
  readonly deadlineMs: number;
  readonly agentCommand: readonly string[];
  readonly brokerCommand: readonly string[];
  readonly seed: string;
  readonly artifacts: readonly TestedArtifact[];
  /** In which the scenario was defined, absolute, if that was a user's. */
  readonly file?: string;
  /** The file of the adapter of somebody else's agent, absolute. */
  readonly adapter?: string;
}

/**
 * Fills in the defaults: command line, then configuration file, then scenario, then fleet.
 *
 * @throws UsageError `unsafe-timing` when the times are not mutually safe
 */
export function runOptions(scenario: Scenario, config: Config, seed: string): RunOptions {
  const timing = { ...defaultTiming, ...scenario.timing, ...config.timing } as Timing;
  const broken = brokenTimingRules(timing);
  if (broken.length > 0) {
    throw new UsageError(`The configured times are not mutually safe:\n${brokenRulesInLines(broken)}\n`, {
      code: "unsafe-timing",
      next: 'Mend "timing" in the scenario or in the configuration.',
    });
  }
  return {
    knobs: {
      slots: config.slots ?? scenario.defaults.slots,
      jobs: config.jobs ?? scenario.defaults.jobs,
      cycles: config.cycles ?? scenario.defaults.cycles,
    },
    timing,
    // Root sees every surface, so that a partial view is worth a second look; another user never does.
    policy: config.policy ?? (process.getuid?.() === 0 ? "ci" : "developer"),
    store: config.broker?.store ?? scenario.store ?? "memory",
    deadlineMs: config.deadlineS === undefined ? deadlineMsFor(scenario, config) : config.deadlineS * 1000,
    agentCommand: (typeof config.agent === "object" ? config.agent.command : undefined) ?? ownAgent,
    brokerCommand: config.broker?.command ?? ownBroker,
    seed,
    artifacts: testedArtifacts(config.artifacts ?? []),
    ...(scenario.file === undefined ? {} : { file: scenario.file }),
  };
}

/** A run that is to do more than its scenario does by itself takes longer. */
function deadlineMsFor(scenario: Scenario, config: Config): number {
  const { defaults } = scenario;
  const { jobs = defaults.jobs, cycles = defaults.cycles } = config;
  const times = cycles > defaults.cycles && hasCycles(scenario) ? cycles / defaults.cycles : 1;
  return Math.min(times * deadlineSDefault * 1000 + perJobMs * Math.max(0, jobs - defaults.jobs), deadlineMsMax);
}

/** Whether its steps ask how many cycles there are to be; most do the same whatever is said. */
function hasCycles(scenario: Scenario): boolean {
  const { defaults } = scenario;
  let asked = false;
  try {
    scenario.steps({
      ...defaults,
      get cycles() {
        asked = true;
        return defaults.cycles;
      },
    });
  } catch {
    // A user's own: what is wrong with them is told where they are played.
  }
  return asked;
}

/** The options as a report shows them: one flat list, and of the times only those that differ from the fleet's. */
export function shownOptions(options: RunOptions): Record<string, string | number> {
  const times = Object.entries(options.timing).filter(([name, value]) => defaultTiming[name as keyof Timing] !== value);
  const ours = { agent: ownAgent, broker: ownBroker };
  const foreign = {
    ...(options.agentCommand.join(" ") === ours.agent.join(" ") ? {} : { agent: options.agentCommand.join(" ") }),
    ...(options.brokerCommand.join(" ") === ours.broker.join(" ") ? {} : { broker: options.brokerCommand.join(" ") }),
  };
  return {
    ...options.knobs,
    ...(options.file === undefined ? {} : { file: options.file }),
    ...(options.adapter === undefined ? {} : { adapter: options.adapter }),
    store: options.store,
    policy: options.policy,
    deadlineS: options.deadlineMs / 1000,
    ...foreign,
    ...Object.fromEntries(times),
  };
}

/** Our own program, run by the Node that runs the harness. */
function builtIn(name: string, ...flags: readonly string[]): string[] {
  return [process.execPath, ...flags, fileURLToPath(new URL(`../bin/${name}.mjs`, import.meta.url))];
}
