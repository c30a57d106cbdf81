import { relative, resolve } from "node:path";

import { messageOf, UsageError } from "../../foundation/errors.ts";
import type { Config } from "../config.ts";
import { rootDefault } from "../../reports/runs/run-directory.ts";
import type { FoundConfig } from "../loading/read-config.ts";
import { seconds, shard } from "./option-values.ts";
import type { GivenFlags, RunFlags } from "./run-flags.ts";

/**
 * Every option of the command, from the command line, else from the configuration, else by default. Who names scenarios
 * means those, whatever the configuration narrows its runs to.
 *
 * @throws UsageError `bad-setting`
 */
export function completeFlags(
  given: GivenFlags,
  { config, folder }: Pick<FoundConfig, "config" | "folder">,
  words: readonly string[],
): RunFlags {
  const { all, grep, grepInvert, lastFailed, ...rest } = config;
  const isNarrowed = [given.all, given.grep, given.grepInvert, given.lastFailed].some((flag) => flag !== undefined);
  const narrowing = words.length > 0 || isNarrowed ? {} : { all, grep, grepInvert, lastFailed };
  const { repeatEach = 1, workers, retries = 0, failOnFlaky, maxFailures, stage, seed, keep, dryRun, json } = rest;
  const settings = {
    ...{ ...narrowing, repeatEach, workers, retries, failOnFlaky, maxFailures, stage, seed, keep, dryRun, json },
    shard: rest.shard === undefined ? undefined : valueOf("shard", rest.shard, shard),
    output: rest.output === undefined ? rootDefault : near(resolve(folder, rest.output)),
    agent: typeof rest.agent === "string" ? near(resolve(folder, rest.agent)) : undefined,
    reporter: rest.reporter === undefined ? undefined : [rest.reporter].flat(),
  };
  return { ...defined(settings), ...given } as RunFlags;
}

/** As a user here would write it. */
function near(path: string): string {
  const short = relative("", path);
  return short === "" || short.startsWith("..") ? path : short;
}

function defined(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function valueOf<T>(name: string, text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    throw new UsageError(`The configuration's ${name} is ${JSON.stringify(text)}. ${messageOf(error)}`, {
      code: "bad-setting",
      next: "Mend it there.",
      cause: error,
    });
  }
}

/** The command line wins over the configuration file. */
export function withFlags(config: Config, flags: RunFlags): Config {
  return {
    ...config,
    ...(flags.slots === undefined ? {} : { slots: flags.slots }),
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
    ...(flags.cycles === undefined ? {} : { cycles: flags.cycles }),
    ...(flags.policy === undefined ? {} : { policy: flags.policy }),
    ...(flags.artifact === undefined ? {} : { artifacts: [...flags.artifact] }),
    ...deadline(config, flags),
    ...store(config, flags),
  };
}

function deadline({ timeout }: Config, flags: RunFlags): Pick<Config, "deadlineS"> {
  if (flags.timeout !== undefined) return { deadlineS: flags.timeout };
  if (timeout === undefined) return {};
  return { deadlineS: typeof timeout === "number" ? timeout : valueOf("timeout", timeout, seconds) };
}

function store({ broker, store }: Config, flags: RunFlags): Pick<Config, "broker"> {
  const wanted = flags.store ?? store;
  return wanted === undefined ? {} : { broker: { ...broker, store: wanted } };
}

/** Nobody is to take a pass in virtual time for one of the agent that the configuration names. */
export function noteOwnPrograms({ agent, broker }: Config): void {
  const named = [
    ...(typeof agent === "object" ? ["agent.command"] : agent === undefined ? [] : ["agent"]),
    ...(broker?.command ? ["broker.command"] : []),
  ];
  if (named.length === 0) return;
  process.stderr.write(
    `In virtual time Houseguest's own agent and broker run; ${named.join(" and ")} of the configuration is for --stage host.\n`,
  );
}
