import type { Looks } from "../../steps/judge-fact.ts";
import type { SimStage } from "./sim-stage.ts";

/** The modelled world, seen from outside; no time passes. */
export function simLooks(stage: SimStage): Looks {
  const broker = () => stage.simulation.broker.state;
  return {
    status: async (agent) => {
      const { body } = stage.agent(agent);
      // As on the host, nobody answers who has no control socket (any more).
      return body !== null && body.host.has(body.controlSocket) ? body.status() : undefined;
    },
    hasProcess: (agent) => stage.agent(agent).body !== null,
    hasHome(agent) {
      const { host } = stage.agent(agent);
      return host.has(`directory:${host.home}`);
    },
    jobs: async (batch) => {
      const jobIds = [...stage.batch(batch).keys()];
      return broker() === null ? undefined : jobIds.flatMap((jobId) => broker()?.jobs.get(jobId)?.state ?? []);
    },
    brokerAnswers: async () => broker() !== null,
  };
}
