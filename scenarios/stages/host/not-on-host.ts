import { UsageError } from "../../../foundation/errors.ts";
import { JobBehaviour, type Plan, type PlanStep } from "../../simulator/plan/plan.ts";

/** More real agents than so many are no replay any more but a load test. */
const agentsMax = 16;
const goodJob = JobBehaviour.parse({});

/** What real processes can be made to do. */
const onHost: { readonly [Kind in PlanStep["do"]]: boolean } = {
  ...{ submit: true, cancel: true, pause: true, resume: true, withdraw: true, signal: true, command: true },
  ...{ "kill-agent": true, "stall-agent": true, "kill-broker": true, "stall-broker": true, drain: true },
  ...{
    "crash-host": false,
    "fail-checkpoints": false,
    "fail-spawns": false,
    "rot-checkpoints": false,
    "jump-clock": false,
  },
  ...{ "disturb-link": false, "stall-store": false, "lose-store": false, stranger: false, activity: false },
  ...{ spawn: false, "kill-spawned": false, "command-spoke": false },
};
/** What of a job's behaviour `work.mjs` shows too. A working directory's size changes nothing but how long it is saved. */
const jobOnHost: readonly (keyof JobBehaviour)[] = ["units", "unitMs", "children", "megabytes"];

/**
 * Looks whether a plan can be carried out by real processes, before anything is done.
 *
 * @throws UsageError `not-on-host`, naming every step that cannot
 */
export function checkOnHost({ options, steps }: Pick<Plan, "options" | "steps">): void {
  const refused = steps.flatMap(whyNot);
  if (options.agents > agentsMax) refused.unshift(`${options.agents} agents (at most ${agentsMax})`);
  if (refused.length === 0) return;
  throw new UsageError(`Real processes cannot do what the plan says: ${refused.join("; ")}.`, {
    code: "not-on-host",
    next: "Replay it with --stage sim, or with a plan that does without: a seed that is shrunk further, or an edited file.",
  });
}

/** What of the plan is taken more loosely than it says; empty where nothing is. */
export function takenLoosely({ options, steps, tape }: Pick<Plan, "options" | "steps" | "tape">): string[] {
  const kills = steps.filter((step) => "afterEffects" in step && step.afterEffects > 0).length;
  return [
    ...(kills > 0 ? [`${kills} kills come at their time, not after so many effects`] : []),
    ...(tape === "seeded" || tape.length > 0 ? ["small delays are this machine's own"] : []),
    ...(options.clockSkewMs > 0 ? ["all clocks are this machine's"] : []),
  ];
}

function whyNot(step: PlanStep): string[] {
  const at = `at ${(step.atMs / 1_000).toFixed(2)} s`;
  if (!onHost[step.do]) return [`${step.do} ${at}`];
  if (step.do !== "submit") return [];
  const fields = Object.keys(goodJob) as (keyof JobBehaviour)[];
  const odd = fields.filter((field) => !jobOnHost.includes(field) && step.behaviour[field] !== goodJob[field]);
  return odd.length === 0 ? [] : [`submit ${at} of jobs with ${odd.join(", ")}`];
}
