import type { Config } from "../config.ts";
import type { RunFlags } from "./run-flags.ts";

/** The command line wins over the configuration file. */
export function withFlags(config: Config, flags: RunFlags): Config {
  return {
    ...config,
    ...(flags.slots === undefined ? {} : { slots: flags.slots }),
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
    ...(flags.cycles === undefined ? {} : { cycles: flags.cycles }),
    ...(flags.policy === undefined ? {} : { policy: flags.policy }),
    ...(flags.timeout === undefined ? {} : { deadlineS: flags.timeout }),
    ...(flags.artifact === undefined ? {} : { artifacts: [...flags.artifact] }),
    ...(flags.store === undefined ? {} : { broker: { ...config.broker, store: flags.store } }),
  };
}

/** Nobody is to take a pass in virtual time for one of the agent that the configuration names. */
export function noteOwnPrograms({ agent, broker }: Config): void {
  const named = [...(agent === undefined ? [] : ["agent.command"]), ...(broker?.command ? ["broker.command"] : [])];
  if (named.length === 0) return;
  process.stderr.write(
    `In virtual time Houseguest's own agent and broker run; ${named.join(" and ")} of the configuration is for --stage host.\n`,
  );
}
