import { duration, counted, wholeNumber } from "../../reports/text/duration.ts";
import { flow } from "../../reports/text/flow.ts";
import { faint, type Line, tinted } from "../../reports/text/line.ts";
import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import { JobBehaviour, type Plan, type PlanStep } from "../simulator/plan/plan.ts";

const titleWidth = 10;
const goodJob = JobBehaviour.parse({});

/** Everything that was drawn for one plan, but for the steps themselves. */
export function planLines(plan: Plan, columns: number): Line[] {
  const { options, steps } = plan;
  const layout = { width: columns, between: faint(" · "), indent: " ".repeat(titleWidth) };
  const entries = (texts: readonly string[]) => texts.map((text) => [text]);
  const kinds = [...Map.groupBy(steps, kindOf)].map(([kind, those]) => `${those.length} ${kind}`);
  return [
    ...flow([titled("Plan")], entries(optionWords(plan)), layout),
    ...flow([titled("Times")], entries(timingWords(options.timing)), layout),
    ...flow([titled("Steps")], entries([wholeNumber(steps.length), ...kinds.sort()]), layout),
  ];
}

/** One line for each step: when, what, and whatever is not as usual. */
export function stepLines(plan: Plan, stepsMax: number): Line[] {
  const lines = plan.steps.slice(0, stepsMax).map(stepLine);
  const choices = plan.tape === "seeded" ? [] : plan.tape.slice(0, Math.max(0, stepsMax - lines.length));
  const more = plan.steps.length + (plan.tape === "seeded" ? 0 : plan.tape.length) - lines.length - choices.length;
  return [
    ...lines,
    ...choices.map(({ stream, index, kind, value }): Line => {
      return [faint("    chance "), `${kind} is ${value}`, faint(` (number ${index} of ${stream})`)];
    }),
    ...(more > 0 ? [[faint(`           and ${wholeNumber(more)} more; the plan's file has them all`)]] : []),
  ];
}

/** `4 steps and 1 choice`; all its small decisions are drawn from its seed unless it says otherwise. */
export function sizeWords({ steps, tape }: Pick<Plan, "steps" | "tape">): string {
  const choices = tape === "seeded" || tape.length === 0 ? "" : ` and ${counted(tape.length, "choice")}`;
  return `${counted(steps.length, "step")}${choices}`;
}

function optionWords({ options, tape }: Plan): string[] {
  const { agents, slots, safetyMs, livenessMs, joinWithinMs, latencyMsMin, latencyMsMax, clockSkewMs } = options;
  return [
    counted(agents, "agent"),
    counted(slots, "slot"),
    `${duration(safetyMs)} in which anything may fail, then ${duration(livenessMs)} to come to an end`,
    `joining within ${duration(joinWithinMs)}`,
    `latency ${round(latencyMsMin)} to ${round(latencyMsMax)} ms`,
    `clocks off by up to ${duration(clockSkewMs)}`,
    ...(options.quietMs === undefined ? [] : [`quiet after ${duration(options.quietMs)}`]),
    `messages as ${options.encoding}`,
    tape === "seeded" ? "small decisions from the seed" : counted(tape.length, "choice"),
  ];
}

function timingWords(timing: Timing): string[] {
  const names = Object.keys(defaultTiming) as (keyof Timing)[];
  const differs = names.filter((name) => timing[name] !== defaultTiming[name]);
  return differs.length === 0 ? ["as usual"] : differs.map((name) => `${name} ${round(timing[name])}`);
}

function kindOf(step: PlanStep): string {
  return step.do === "disturb-link" ? `${step.do} (${step.how})` : step.do;
}

function stepLine(step: PlanStep): Line {
  const { atMs, do: kind, ...rest } = step;
  const words = Object.entries(rest).flatMap(([name, value]) => fieldWords(name, value));
  return [
    faint(`${String(Math.round(atMs) / 1_000).padStart(8)} s `),
    kind,
    faint(words.map((word) => ` ${word}`).join("")),
  ];
}

function fieldWords(name: string, value: unknown): string[] {
  if (name === "behaviour") {
    const fields = Object.entries(value as JobBehaviour) as [keyof JobBehaviour, unknown][];
    return fields.flatMap(([field, inner]) => (inner === goodJob[field] ? [] : [`${field}=${String(inner)}`]));
  }
  return [`${name}=${typeof value === "number" ? round(value) : String(value)}`];
}

function round(value: number): string {
  return Number.isInteger(value) ? wholeNumber(value) : String(Math.round(value * 1_000) / 1_000);
}

function titled(title: string) {
  return tinted(title.padEnd(titleWidth), "strong");
}
