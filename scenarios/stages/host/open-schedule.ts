import { existsSync } from "node:fs";

import { ExitCode } from "../../../foundation/exit-codes.ts";
import { StepError } from "../../steps/step-error.ts";
import type { ActorExit } from "./actor.ts";
import type { HostAgent, HostStage } from "./host-stage.ts";
import { startAgent } from "./start-agent.ts";
import { startBroker } from "./start-broker.ts";

/** An agent that ended by itself is started again after so long, in milliseconds; as in virtual time. */
const downMsDefault = 5_000;
/** How long a process that is started again may take to join: the broker may be down meanwhile. In milliseconds. */
const readyWithinMs = 180_000;

/** Begins the schedule's time, and minds from now on who of the cast ends. */
export async function openSchedule(stage: HostStage): Promise<string> {
  stage.schedule.begin();
  for (const agent of stage.agents.values()) mindAgent(stage, agent);
  mindBroker(stage);
  return `${stage.agents.size} agents are minded`;
}

/** Whoever ends and has not withdrawn comes back; on a home that is gone there is nothing to come back to. */
export function mindAgent(stage: HostStage, agent: HostAgent): void {
  const { schedule } = stage;
  void agent.actor.exited.then((exit) => {
    if (schedule.signal.aborted) return;
    if (exit.code === ExitCode.harnessBug) schedule.fail(endedByItself(agent.name, exit));
    if (!existsSync(agent.home)) return;
    const downMs = schedule.downMs.get(agent.name);
    schedule.downMs.delete(agent.name);
    schedule.later(downMs ?? downMsDefault, async () => {
      const { name, slots, agentId } = agent;
      const again = await startAgent(stage, { name, slots, readyWithinMs });
      if (exit.signal === "SIGKILL") {
        stage.options.history.record("fault.undone", { fault: "kill-agent", target: agentId });
      }
      mindAgent(stage, again.agent);
    });
  });
}

/** A broker ends only when a plan kills it. */
function mindBroker(stage: HostStage): void {
  const { schedule, running } = stage;
  void running.actor.exited.then((exit) => {
    if (schedule.signal.aborted) return;
    const downMs = schedule.downMs.get("broker");
    schedule.downMs.delete("broker");
    if (downMs === undefined) return schedule.fail(endedByItself("broker", exit));
    schedule.later(downMs, async () => {
      await startBroker(stage);
      stage.options.history.record("fault.undone", { fault: "kill-broker", target: "broker" });
      mindBroker(stage);
    });
  });
}

function endedByItself(name: string, { code, signal }: ActorExit): StepError {
  const why = code === ExitCode.harnessBug ? " (assertion)" : "";
  return new StepError(`${name} ended by itself, with ${code ?? signal}${why}.`, {
    code: "ended",
    next: `Read why in the run directory's logs/${name}.log.`,
  });
}
