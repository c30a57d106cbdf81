import { setTimeout as pauseFor } from "node:timers/promises";

import { unreachable } from "../../../foundation/assert.ts";
import { HouseguestError, UsageError } from "../../../foundation/errors.ts";
import { workJob } from "../../jobs/work-job.ts";
import type { PlanStep, PlanStepOf } from "../../simulator/plan/plan.ts";
import type { StepOf } from "../../steps/step.ts";
import { pauseAgent, resumeAgent, withdrawAgent } from "./ask-agent.ts";
import { breakActor } from "./break-actor.ts";
import type { HostAgent, HostStage } from "./host-stage.ts";
import { agentName, planBatch } from "./plan-names.ts";

/** A submitter that finds nobody tries again after so long, in milliseconds; as in virtual time. */
const submitAgainMs = 1_000;
const nobody = "there is no such agent (any more), so nothing happens";

/** Waits for the time of one step of a plan and takes it. Answers are not waited for: the next step has its own time. */
export async function onSchedule(stage: HostStage, { act }: StepOf<"on-schedule">): Promise<string> {
  const { schedule } = stage;
  await schedule.reached(act.atMs);
  const lateMs = schedule.nowMs - act.atMs;
  const detail = take(stage, act);
  return lateMs > 100 ? `${detail}; ${lateMs.toFixed(0)} ms late` : detail;
}

function take(stage: HostStage, act: PlanStep): string {
  switch (act.do) {
    case "submit":
      return submitJobs(stage, act);
    case "cancel":
      return cancelJob(stage, act);
    case "pause":
      return withAgent(stage, act, (agent) => pauseAgent(stage, agent));
    case "resume":
      return withAgent(stage, act, (agent) => resumeAgent(stage, agent));
    case "withdraw":
      return withAgent(stage, act, (agent) => withdrawAgent(stage, agent, act));
    case "signal":
      return withAgent(stage, act, (agent) => {
        stage.pauses.ending(agent.name);
        stage.schedule.downMs.set(agent.name, act.downMs);
        stage.options.history.record("witness.signal", { agentId: agent.agentId, signal: act.name });
        agent.actor.kill(act.name);
        return `${act.name} to pid ${agent.actor.pid}`;
      });
    case "command":
      return withAgent(stage, act, (agent) => {
        const message = { command: act.command, reason: "plan" };
        if (act.command !== "pause") stage.pauses.ending(agent.name);
        // Nobody may listen there (any more), and whoever does shows it in the history.
        stage.schedule.beside(() => stage.running.operator.command(agent.agentId, message).catch(() => undefined));
        return `${act.command} is on its way`;
      });
    case "kill-agent":
    case "stall-agent":
      return withAgent(stage, act, ({ actor, agentId }) => breakActor(stage, actor, { act, target: agentId }));
    case "kill-broker":
    case "stall-broker":
      return breakActor(stage, stage.running.actor, { act, target: "broker" });
    case "drain":
      return drainBroker(stage, act);
    case "crash-host":
    case "fail-checkpoints":
    case "fail-spawns":
    case "rot-checkpoints":
    case "jump-clock":
    case "disturb-link":
    case "stall-store":
    case "lose-store":
    case "stranger":
    case "activity":
    case "spawn":
    case "kill-spawned":
    case "command-spoke":
      throw new UsageError(`The step "${act.do}" does not exist on real processes.`, {
        code: "not-on-host",
        next: "Replay the plan with --stage sim.",
      });
    default:
      return unreachable(act);
  }
}

function withAgent(stage: HostStage, act: { readonly agent: number }, work: (agent: HostAgent) => string): string {
  const agent = stage.agents.get(agentName(act.agent));
  return agent === undefined ? nobody : work(agent);
}

/** Real jobs as long as the modelled ones: a unit takes its time on the CPU instead of on the clock. */
function submitJobs(stage: HostStage, { jobs, behaviour, priority }: PlanStepOf<"submit">): string {
  const { units, unitMs: unitCpuMs, children } = behaviour;
  const ranked = priority === undefined ? {} : { priority };
  const specs = Array.from({ length: jobs }, () => ({
    ...workJob({ units, unitCpuMs, children }, planBatch),
    ...ranked,
  }));
  const batch = stage.batches.get(planBatch) ?? new Map<string, number>();
  stage.batches.set(planBatch, batch);
  const { schedule } = stage;
  schedule.beside(async () => {
    for (;;) {
      try {
        for (const jobId of await stage.running.operator.submit(specs)) batch.set(jobId, units);
        return;
      } catch (error) {
        // A broker that answers and refuses is another thing than one that is down.
        if (error instanceof HouseguestError) throw error;
      }
      await pauseFor(submitAgainMs, undefined, { signal: schedule.signal });
    }
  });
  return `${jobs} jobs of ${units} × ${unitCpuMs} ms of CPU`;
}

function cancelJob(stage: HostStage, { job }: PlanStepOf<"cancel">): string {
  const jobIds = [...(stage.batches.get(planBatch)?.keys() ?? [])];
  const jobId = jobIds[job % Math.max(1, jobIds.length)];
  if (jobId === undefined) return "no job was submitted yet, so nothing happens";
  // It may have ended by now, or the broker may be down: then there is nothing to cancel.
  stage.schedule.beside(() => stage.running.operator.cancel(jobId).catch(() => undefined));
  return `${jobId} is to be cancelled`;
}

/** A drain lasts until the broker's process ends: when its time is over, as in virtual time, unless it has by then. */
function drainBroker(stage: HostStage, { atMs, forMs, downMs }: PlanStepOf<"drain">): string {
  const { schedule, running } = stage;
  const { actor, operator } = running;
  // Whoever hears goodbye ends its jobs.
  for (const { name } of stage.agents.values()) stage.pauses.ending(name);
  schedule.beside(async () => {
    const isTaken = await operator.drain("plan").then(
      () => true,
      // Who is down is not drained.
      () => false,
    );
    if (!isTaken) return;
    schedule.later(forMs, async () => {
      if (stage.running.actor !== actor) return;
      const act = { atMs, do: "kill-broker", downMs, afterEffects: 0, edge: "after" } as const;
      breakActor(stage, actor, { act, target: "broker" });
    });
  });
  return "it is to drain";
}
