import { defaultTiming } from "../../../protocol/timing.ts";
import type { Tape } from "../kernel/choices.ts";
import { livenessMsOf } from "./liveness-bound.ts";
import { JobBehaviour, type Plan, type PlanStep } from "./plan.ts";
import type { PlanRequest } from "./plan-request.ts";

const hourMs = 3_600_000;
/** WC-14: which part of the agents goes away in each hour. */
const churnPerHour = 0.3;
/** Each agent's share of work per hour, in jobs. */
const jobsPerAgentHour = 1;

/**
 * WC-14 as it is meant here: in every hour 30 % of the agents, drawn anew, go away, and come back after 1 to 60
 * minutes. Of those that go, a third are killed, a third lose power, a sixth shut down, and a sixth vanish behind a cut
 * link. Jobs of 10 to 40 minutes keep coming all the time, one per agent and hour.
 */
export function churnPlan({ seed, agents = 500, minutes = 72 * 60 }: PlanRequest, draws: Tape): Plan {
  const safetyMs = minutes * 60_000;
  const steps: PlanStep[] = [];
  const hours = Math.ceil(safetyMs / hourMs);
  for (let hour = 0; hour < hours; hour += 1) {
    const stream = draws.stream(`hour:${hour}`);
    const lengthMs = Math.min(hourMs, safetyMs - hour * hourMs);
    const beginMs = hour * hourMs;
    const goers = Math.round(churnPerHour * agents * (lengthMs / hourMs));
    for (let goer = 0; goer < goers; goer += 1) {
      const atMs = beginMs + stream.upTo("at", lengthMs - 1);
      const agent = stream.upTo("agent", agents - 1);
      const awayMs = 60_000 * (1 + stream.upTo("away", 59));
      steps.push(departure(stream.upTo("how", 5), { atMs, agent, awayMs }));
    }
    const jobs = Math.round(jobsPerAgentHour * agents * (lengthMs / hourMs));
    for (let job = 0; job < jobs; job += 1) {
      const behaviour = { ...JobBehaviour.parse({}), units: 10 + stream.upTo("units", 30), unitMs: 60_000 };
      steps.push({ atMs: beginMs + stream.upTo("submit", lengthMs - 1), do: "submit", jobs: 1, behaviour });
    }
  }
  steps.sort((a, b) => a.atMs - b.atMs);
  const options = {
    agents,
    slots: 2,
    timing: defaultTiming,
    safetyMs,
    livenessMs: livenessMsOf(defaultTiming),
    joinWithinMs: 60_000,
    latencyMsMin: 5,
    latencyMsMax: 200,
    clockSkewMs: 1_000,
    encoding: "objects",
  } as const;
  return { version: 1, seed, profile: "churn", options, steps, tape: "seeded" };
}

function departure(how: number, { atMs, agent, awayMs }: { atMs: number; agent: number; awayMs: number }): PlanStep {
  if (how < 2) return { atMs, do: "kill-agent", agent, downMs: awayMs, afterEffects: 0, edge: "after" };
  if (how < 4) return { atMs, do: "crash-host", agent, downMs: awayMs };
  if (how < 5) return { atMs, do: "signal", agent, name: "SIGTERM", downMs: awayMs };
  return { atMs, do: "disturb-link", agent, forMs: awayMs, direction: "both", how: "cut" };
}
