import { defaultTiming, type Timing } from "../../../protocol/timing.ts";
import { type ChoiceStream, seededTape } from "../kernel/choices.ts";
import { churnPlan } from "./churn-plan.ts";
import { drawCooperation, withCooperation } from "./draw-cooperation.ts";
import { withBackoff } from "./draw-backoff.ts";
import { drawActivity, drawQuietMs } from "./draw-activity.ts";
import { drawDrain } from "./draw-drain.ts";
import { drawDeathOverExecutions, drawExecutions, drawFederation } from "./draw-executions.ts";
import { drawFaults } from "./draw-faults.ts";
import { drawRareSituation } from "./draw-rare-situation.ts";
import { drawLeaving } from "./draw-leaving.ts";
import { drawPoison } from "./draw-poison.ts";
import { drawPriorities } from "./draw-priorities.ts";
import { drawSituation } from "./draw-situation.ts";
import { drawWork } from "./draw-work.ts";
import { livenessMsOf } from "./liveness-bound.ts";
import type { Plan, PlanOptions, PlanStep } from "./plan.ts";
import { type PlanRequest, profiles } from "./plan-request.ts";
import { breaksNothing } from "./undisturbed.ts";
import { scalePlan } from "./scale-plan.ts";

export const profileNames = Object.keys(profiles) as PlanRequest["profile"][];

/** The plan that a seed stands for. Pure: the same request gives the same plan on every machine. */
export function planFor(request: PlanRequest): Plan {
  const { seed, profile } = request;
  const draws = seededTape(`${seed}/plan`);
  if (profile === "churn") return churnPlan(request, draws);
  if (profile === "scale") return scalePlan(request);
  const cast = draws.stream("cast");
  const quick = profile === "quick";
  const drawnOptions = withBackoff(draws.stream("backoff"), drawOptions(cast, request));
  const rare = draws.stream("rare situation");
  const rarity = quick && rare.chance("rare", 0.2) ? drawRareSituation(rare, drawnOptions) : [];
  const activity = draws.stream("activity");
  const isActive = activity.chance("active", quick ? 0.15 : 0.3);
  const lasting = lastingFor(drawnOptions, rarity);
  const options = isActive ? { ...lasting, quietMs: drawQuietMs(activity, quick) } : lasting;
  // Some seeds of every profile go through without a fault; of the quick ones a quarter, since duties are judged there.
  const calm = profile === "calm" || cast.upTo("calm", quick ? 3 : 15) === 0;
  const work = drawWork(draws.stream("work"), { options, quick });
  const situation = draws.stream("situation");
  if (quick && situation.chance("directed", 0.4)) work.push(...drawSituation(situation, options));
  work.push(...rarity);
  // By a stream of its own: what else a seed stands for is as it would be without.
  const leaving = draws.stream("leaving");
  if (quick && leaving.chance("directed", 0.35)) work.push(...drawLeaving(leaving, options));
  const { quietMs } = options;
  if (quietMs !== undefined) work.push(...drawActivity(activity, { options, quietMs }));
  // Likewise.
  const poison = draws.stream("poison");
  if (poison.chance("poisonous", quick ? 0.04 : 0.1)) work.push(drawPoison(poison, options));
  const cooperation = draws.stream("cooperation");
  const working = withCooperation(cooperation, work);
  if (quick && cooperation.chance("directed", 0.12)) working.push(...drawCooperation(cooperation, options));
  // Likewise.
  const ranked = drawPriorities(draws.stream("priorities"), { steps: working, options });
  const drawn: PlanStep[] = calm ? ranked.filter(breaksNothing) : ranked;
  const submittedAtMs = work.filter((step) => step.do === "submit").map(({ atMs }) => atMs);
  if (!calm) drawn.push(...drawFaults(draws, { options, quick, submittedAtMs }));
  // Likewise.
  const executions = draws.stream("executions");
  if (executions.chance("spawned", 0.25)) {
    const spawned = executions.chance("by the operator", 0.7) ? drawExecutions(executions, options) : [];
    if (executions.chance("by a hub", 0.5)) spawned.push(...drawFederation(executions, options));
    drawn.push(...spawned);
    if (!calm && executions.chance("fatal", 0.5)) drawn.push(...drawDeathOverExecutions(executions, spawned));
  }
  // Likewise; a drain ends with the broker's process.
  const drain = draws.stream("drain");
  if (!calm && drain.chance("drained", quick ? 0.14 : 0.2)) drawn.push(...drawDrain(drain, options));
  // Nobody does anything any more once faults have stopped.
  const steps = possible(drawn.filter(({ atMs }) => atMs <= options.safetyMs)).sort((a, b) => a.atMs - b.atMs);
  return { version: 1, seed, profile, options, steps, tape: "seeded" };
}

/** A broker's clock does not go back across a loss of its store: nothing would keep epochs apart then (ADR 0005). */
function possible(steps: readonly PlanStep[]): PlanStep[] {
  const forgets = steps.some((step) => step.do === "lose-store");
  return steps.filter((step) => !(forgets && step.do === "jump-clock" && step.agent === null && step.byMs < 0));
}

/** Whatever is to happen happens before faults have stopped. */
function lastingFor(options: PlanOptions, steps: readonly PlanStep[]): PlanOptions {
  return { ...options, safetyMs: Math.max(options.safetyMs, ...steps.map(({ atMs }) => atMs + 1_000)) };
}

/** Times from those of the tests to those of a fleet; each set meets the rules between them. */
const brisk: Timing = {
  ...defaultTiming,
  heartbeatIntervalMs: 1_000,
  activityTimeoutMs: 5_000,
  leaseTtlMs: 10_000,
  offerTtlMs: 3_000,
  startAgainAfterMs: 3_000,
  backoffMs: 500,
  backoffMsMax: 4_000,
  checkpointIntervalMs: 4_000,
  terminateGraceMs: 1_500,
  requestTimeoutMs: 2_000,
  shutdownTimeoutMs: 3_000,
  resultTimeoutMs: 5_000,
  eventHeartbeatMs: 5_000,
  revokeLostAfterMs: 12_000,
  revokeShutdownAfterMs: 90_000,
};
const middling: Timing = {
  ...defaultTiming,
  heartbeatIntervalMs: 5_000,
  activityTimeoutMs: 17_000,
  leaseTtlMs: 30_000,
  offerTtlMs: 10_000,
  startAgainAfterMs: 20_000,
  backoffMsMax: 20_000,
  checkpointIntervalMs: 15_000,
  terminateGraceMs: 2_000,
  requestTimeoutMs: 5_000,
};

function drawOptions(cast: ChoiceStream, { profile, agents, minutes }: PlanRequest): PlanOptions {
  const quick = profile === "quick";
  const timing = quick ? brisk : ([brisk, middling, defaultTiming][cast.upTo("timing", 2)] as Timing);
  const safetyMs =
    minutes === undefined
      ? (quick ? 15 + cast.upTo("seconds", 25) : 60 + cast.upTo("seconds", 600)) * 1_000
      : minutes * 60_000;
  const latencyMsMin = cast.upTo("latencyMin", 5);
  return {
    agents: agents ?? 1 + cast.upTo("agents", quick ? 2 : 7),
    slots: 1 + cast.upTo("slots", quick ? 1 : 3),
    timing,
    safetyMs,
    livenessMs: livenessMsOf(timing),
    joinWithinMs: cast.upTo("joinWithin", 5_000),
    latencyMsMin,
    latencyMsMax: latencyMsMin + 2 ** cast.upTo("latencyMax", 9),
    clockSkewMs: cast.chance("skewed", 0.5) ? cast.upTo("skew", 60_000) : 0,
    encoding: cast.upTo("encoding", 15) === 0 ? "bytes" : "objects",
  };
}
