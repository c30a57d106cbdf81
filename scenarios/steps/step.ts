import * as z from "zod";

import { unreachable } from "../../foundation/assert.ts";
import { limits } from "../../foundation/limits.ts";
import { PlanStep } from "../simulator/plan/plan.ts";
import { FaultStep, faultStepTitle, HealStep, healStepTitle } from "./fault-steps.ts";

const Ms = z.int().min(1);
/** Which agent of the cast. */
const agent = z.string().regex(/^[a-z][a-z0-9-]{0,20}$/);

/** The steps of a scenario: plain data, interpreted on a stage. */
export const Step = z.discriminatedUnion("step", [
  z.strictObject({ step: z.literal("start-broker") }),
  z.strictObject({
    step: z.literal("join"),
    agent,
    slots: z.int().min(1).max(limits.slotsMax),
    /** It pauses by itself when its owner touches a file, and goes on after nothing was touched for so many seconds. */
    quietS: z.int().min(1).optional(),
    /** It reaches the broker over a line that faults can disturb (`disturb-link`); in virtual time everybody does. */
    link: z.boolean().optional(),
  }),
  z.strictObject({
    step: z.literal("submit"),
    /** The jobs' name, by which later steps and checkers tell them apart. */
    batch: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
    jobs: z.int().min(1).max(limits.jobsPerRunMax),
    units: z.int().min(1),
    unitCpuMs: z.number().positive(),
    children: z.int().min(0).max(16),
  }),
  /** Until so many sandboxes of the agent run at once and each has reported some progress. */
  z.strictObject({ step: z.literal("await-busy"), agent, sandboxes: z.int().min(1), withinMs: Ms }),
  /** Until every job of the batch has come to its end. */
  z.strictObject({ step: z.literal("await-settled"), batch: z.string(), withinMs: Ms }),
  z.strictObject({ step: z.literal("pause"), agent }),
  /** Watches the paused agent's processes for so long. */
  z.strictObject({ step: z.literal("watch-frozen"), agent, forMs: Ms }),
  z.strictObject({ step: z.literal("resume"), agent }),
  /** The owner of an agent that watches files touches one of them; unless it stands still already, it has to. */
  z.strictObject({ step: z.literal("touch"), agent }),
  /** Until the agent has gone on by itself. */
  z.strictObject({ step: z.literal("await-quiet"), agent, withinMs: Ms }),
  /** Pauses and resumes as fast as they are answered. */
  z.strictObject({ step: z.literal("pause-resume-cycles"), agent, cycles: z.int().min(1).max(limits.cyclesMax) }),
  z.strictObject({
    step: z.literal("withdraw"),
    agent,
    deadlineMs: Ms,
    /** Keep submitting jobs of this batch while the withdrawal runs, so that offers keep coming. */
    underLoad: z.string().optional(),
    /** How many times it is asked at once; each asker is to hear the same report. */
    asks: z.int().min(1).max(8).optional(),
  }),
  /** Ends the agent's process, which is no withdrawal: by a signal, or by the broker's goodbye. No job may outlive it. */
  z.strictObject({ step: z.literal("shutdown"), agent, by: z.enum(["SIGTERM", "SIGINT", "goodbye"]), withinMs: Ms }),
  /** Starts the agent again in the home that its earlier process left, and waits until it is there. */
  z.strictObject({ step: z.literal("restart"), agent, withinMs: Ms }),
  /** kill -9 of the broker; it comes back in the same place after so long, or with the step `start-broker`. */
  z.strictObject({ step: z.literal("kill-broker"), downMs: Ms.optional() }),
  FaultStep,
  HealStep,
  /** Signs a heartbeat with the withdrawn agent's key, of which the harness kept a copy. */
  z.strictObject({ step: z.literal("use-revoked-key"), agent }),
  /** The times of the steps `on-schedule` count from here; whoever of the cast ends from now on is started again. */
  z.strictObject({ step: z.literal("open-schedule") }),
  /** Does at its time what a step of a plan says, and waits for nothing that comes of it. */
  z.strictObject({ step: z.literal("on-schedule"), act: PlanStep }),
  /** Faults stop at that time of the schedule; everything must have come to its end within so long. */
  z.strictObject({ step: z.literal("settle"), calmAtMs: z.number().min(0), withinMs: Ms }),
  /** Asks every agent that is still there to withdraw. */
  z.strictObject({ step: z.literal("withdraw-all"), deadlineMs: Ms }),
  /** Compares the results of the batch's completed jobs with the harness's own computation. */
  z.strictObject({ step: z.literal("verify-results"), batch: z.string() }),
]);
export type Step = z.infer<typeof Step>;
export type StepOf<Name extends Step["step"]> = Extract<Step, { step: Name }>;

/** What a step does, for the live report. */
export function stepTitle(step: Step): string {
  switch (step.step) {
    case "start-broker":
      return "start the broker";
    case "join":
      return `${step.agent} joins with ${step.slots} slots${step.quietS === undefined ? "" : ", and watches its owner's files"}`;
    case "submit":
      return `submit ${step.jobs} jobs (${step.batch})`;
    case "await-busy":
      return `wait until ${step.sandboxes} sandboxes of ${step.agent} make progress`;
    case "await-settled":
      return `wait until all jobs (${step.batch}) have ended`;
    case "pause":
      return `${step.agent} pauses`;
    case "watch-frozen":
      return `watch ${step.agent}'s frozen processes for ${step.forMs} ms`;
    case "resume":
      return `${step.agent} resumes`;
    case "touch":
      return `${step.agent}'s owner touches a file`;
    case "await-quiet":
      return `wait until ${step.agent} goes on by itself`;
    case "pause-resume-cycles":
      return `${step.agent} pauses and resumes ${step.cycles} times`;
    case "withdraw":
      return `${step.agent} withdraws${step.underLoad === undefined ? "" : " while jobs keep coming"}${(step.asks ?? 1) > 1 ? `, asked ${step.asks} times at once` : ""}`;
    case "shutdown":
      return step.by === "goodbye" ? `the broker says goodbye to ${step.agent}` : `${step.agent} gets ${step.by}`;
    case "restart":
      return `${step.agent} starts again`;
    case "kill-broker":
      return step.downMs === undefined
        ? "the broker is killed"
        : `the broker is killed, and down for ${step.downMs} ms`;
    case "fault":
      return faultStepTitle(step);
    case "heal":
      return healStepTitle(step);
    case "use-revoked-key":
      return `try the key that ${step.agent} revoked`;
    case "verify-results":
      return `compare the results (${step.batch})`;
    case "open-schedule":
      return "the schedule begins";
    case "on-schedule":
      return `at ${(step.act.atMs / 1_000).toFixed(2)} s: ${actTitle(step.act)}`;
    case "settle":
      return "faults stop, and everything comes to its end";
    case "withdraw-all":
      return "every agent that is still there withdraws";
    default:
      return unreachable(step);
  }
}

function actTitle(act: PlanStep): string {
  const whom = "agent" in act && act.agent !== null ? ` agent ${act.agent}` : "";
  const forMs = "forMs" in act ? act.forMs : "downMs" in act ? act.downMs : null;
  return `${act.do}${whom}${forMs === null ? "" : ` for ${(forMs / 1_000).toFixed(2)} s`}`;
}
