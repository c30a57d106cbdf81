import { existsSync } from "node:fs";

import type { Looks } from "../../steps/judge-fact.ts";
import { agentStatus } from "./await-busy.ts";
import type { HostStage } from "./host-stage.ts";

/** This host's processes and files, and what agent and broker answer. */
export function hostLooks(stage: HostStage): Looks {
  const { signal } = stage.options;
  /** Who does not answer, or not as it should, shows nothing; an interrupted run is another thing. */
  const shown = async <T>(asked: Promise<T>): Promise<T | undefined> =>
    await asked.catch(() => {
      signal.throwIfAborted();
      return undefined;
    });
  return {
    async status(name) {
      stage.agent(name);
      return await shown(agentStatus(stage, name));
    },
    hasProcess: (name) => !stage.agent(name).actor.hasExited(),
    hasHome: (name) => existsSync(stage.agent(name).home),
    async jobs(name) {
      const batch = stage.batch(name);
      const jobs = await shown(stage.running.operator.jobs());
      return jobs?.filter(({ jobId }) => batch.has(jobId)).map(({ state }) => state);
    },
    async brokerAnswers() {
      return stage.broker !== undefined && (await shown(stage.broker.operator.jobs())) !== undefined;
    },
  };
}
