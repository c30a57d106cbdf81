import { agentLimits } from "../../agent/core/limits.ts";
import { AssertionError } from "../../foundation/assert.ts";
import { messageOf } from "../../foundation/errors.ts";
import { forgetMarks } from "../../foundation/sometimes.ts";
import type { HistoryRecord } from "../../protocol/history.ts";
import { crashedWord } from "../checkers/registry.ts";
import type { CheckerSettings } from "../checkers/setting.ts";
import { LateEnrolments } from "../checkers/contact/late-enrolment.ts";
import {
  dutyNames,
  type PropertyName,
  type PropertyWatch,
  propertyNames,
  watchProperties,
} from "../checkers/properties.ts";
import { storyOf } from "../checkers/story.ts";
import { churnFailure } from "./churn-gate.ts";
import { Coverage } from "./coverage.ts";
import { HistoryDigest } from "./history-digest.ts";
import { replayTape, seededTape, type Tape } from "./kernel/choices.ts";
import { Liveness } from "./liveness.ts";
import type { Failure, SimulationOutcome } from "./outcome.ts";
import type { Plan } from "./plan/plan.ts";
import { isUndisturbed } from "./plan/undisturbed.ts";
import { Simulation } from "./simulation.ts";
import { blobBytesMax } from "./world/broker-uploads.ts";
import { chunkBytesMax } from "./world/uploads.ts";
import { snapshotMs } from "./world/checkpoint-effects.ts";

export interface SimulateOptions {
  /** Whether the properties are watched. */
  readonly checkers?: boolean;
  /** Instead of those that hold in every run. */
  readonly properties?: PropertyWatch<string>;
  readonly digest?: boolean;
  /** Instead of the plan's own: to record what a seed decides. */
  readonly tape?: Tape;
  readonly observe?: (record: HistoryRecord) => void;
}

/** What comes after the quiet in the same moment: a timer's rounding. */
const quietLateMsMax = 10;

/** Duties remember much of each agent: a fleet is judged by the properties alone. */
const dutyAgentsMax = 1_000;

/** How many of the last records a crash is told with. */
const crashStoryRecords = 12;

/**
 * Runs a plan from its beginning to its first failure or its end: the safety phase, in which anything may fail, then
 * the liveness phase, in which nothing fails any more and everything must come to its end within its bound.
 */
export function simulate(
  plan: Plan,
  { checkers = true, properties: wanted, digest = true, tape = tapeOf(plan), observe }: SimulateOptions = {},
): SimulationOutcome {
  const properties = checkers ? (wanted ?? propertiesOf(plan)) : null;
  const digester = digest ? new HistoryDigest() : null;
  /** The last records, each in the place of the one that is too old. */
  const recent: HistoryRecord[] = [];
  let records = 0;
  let failure: Failure | null = null;
  const silent = properties === null && digester === null && observe === undefined;
  const onRecord = (record: HistoryRecord): void => {
    digester?.see(record);
    observe?.(record);
    recent[records % crashStoryRecords] = record;
    records += 1;
    const found = failure === null ? properties?.see(record) : null;
    if (found === null || found === undefined) return;
    const story = [found.violation.summary, ...storyOf(found.violation)];
    failure = { invariant: found.checker, kind: "safety", atMs: simulation.world.nowMs, story };
  };
  const coverage = new Coverage();
  const simulation = new Simulation(plan, { tape, coverage, onRecord: silent ? null : onRecord });
  const { world } = simulation;
  const liveness = new Liveness(simulation);
  forgetMarks();
  try {
    simulation.begin();
    while (failure === null && world.happenNext(plan.options.safetyMs));
    simulation.endSafety();
    failure ??= churnFailure(simulation);
    if (failure === null) liveness.begin();
    while (failure === null && !liveness.isOver && world.happenNext(liveness.endsAtMs));
    failure ??= liveness.failure();
    if (failure === null) {
      simulation.broker.assertInvariants();
      failure = failureAtEnd(properties, world.nowMs);
    }
  } catch (error) {
    const oldest = records % crashStoryRecords;
    failure = crashOf(error, world.nowMs, [...recent.slice(oldest), ...recent.slice(0, oldest)]);
  }
  return simulation.outcome(failure, digester?.text() ?? null);
}

/** What a run of the plan is judged by; where nothing breaks, by every duty too. */
function propertiesOf(plan: Plan): PropertyWatch {
  const { timing, latencyMsMax, slots } = plan.options;
  const sizes = plan.steps.map((step) => (step.do === "submit" ? step.behaviour.megabytes : 0));
  const snapshotMsMax = snapshotMs(Math.max(0, ...sizes));
  const dutySettings = {
    ...timing,
    latencyMsMax,
    slots,
    snapshotMsMax,
    checkpointBytesMax: blobBytesMax,
    uploadChunkBytes: chunkBytesMax,
  };
  const properties = watchProperties(propertyNames, {
    // The silence of an agent is counted by the broker's clock, whose alarms come in time unless it stands still.
    "lost-noticed": { activityTimeoutMs: timing.activityTimeoutMs },
    "shutdown-ends": dutySettings,
    "freeze-bound": { witnessMsMax: 10 },
    "activity-pauses": {
      quietMs: plan.options.quietMs ?? agentLimits.quietMs,
      heededMsMax: 10,
      lateMsMax: isUndisturbed(plan) ? quietLateMsMax : Infinity,
    },
    backoff: { ...timing, slots },
    "holder-alone": { leaseTtlMs: timing.leaseTtlMs },
    "grants-expire": { leaseTtlMs: timing.leaseTtlMs, offerTtlMs: timing.offerTtlMs },
  });
  if (!isUndisturbed(plan) || plan.options.agents > dutyAgentsMax) return properties;
  return withDuties(properties, Object.fromEntries(dutyNames.map((name) => [name, dutySettings])));
}

/** Judges the duties too, as long as no message outlives its sender. */
function withDuties(
  properties: PropertyWatch,
  settings: Readonly<Partial<Record<PropertyName, CheckerSettings>>>,
): PropertyWatch {
  const lateEnrolments = new LateEnrolments();
  let duties: PropertyWatch | null = watchProperties(dutyNames, settings);
  return {
    see(record) {
      if (lateEnrolments.see(record)) duties = null;
      return properties.see(record) ?? duties?.see(record) ?? null;
    },
    end: () => [...properties.end(), ...(duties?.end() ?? [])],
  };
}

/** Where a plan's small decisions come from. */
export function tapeOf({ tape, seed }: Plan): Tape {
  return tape === "seeded" ? seededTape(seed) : replayTape(tape);
}

function failureAtEnd(properties: PropertyWatch<string> | null, atMs: number): Failure | null {
  for (const { checker, judgement } of properties?.end() ?? []) {
    const story = [judgement.detail, ...(judgement.story ?? [])];
    if (judgement.result === "fail") return { invariant: checker, kind: "safety", atMs, story };
    // Nothing can be said of a property whose checker broke, least of all that it holds.
    if (judgement.detail.startsWith(crashedWord)) return { invariant: checker, kind: "crash", atMs, story };
  }
  return null;
}

/** A core threw, or the world did: an invariant of theirs does not hold, or there is a bug. */
function crashOf(error: unknown, atMs: number, events: readonly HistoryRecord[]): Failure {
  const summary = error instanceof AssertionError ? `assertion: ${error.message}` : `error: ${messageOf(error)}`;
  const stack = error instanceof Error ? (error.stack ?? "").split("\n").slice(1, 4) : [];
  const story = [summary, ...storyOf({ summary, events }), ...stack.map((line) => line.trim())];
  return { invariant: error instanceof AssertionError ? "assertion" : "error", kind: "crash", atMs, story };
}
