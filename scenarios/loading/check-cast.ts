import { nestedSteps } from "../steps/nested-steps.ts";
import type { Step } from "../steps/step.ts";
import { type Problem, unknownWord } from "./file-problem.ts";

type Path = readonly PropertyKey[];

interface Cast {
  readonly agents: Set<string>;
  readonly batches: Set<string>;
  hasBroker: boolean;
}

/** Whether each step speaks of whom and of what an earlier one brought. */
export function castProblems(steps: readonly Step[]): Problem[] {
  return walk(steps, { path: ["steps"], cast: { agents: new Set(), batches: new Set(), hasBroker: false } });
}

function walk(steps: readonly Step[], { path, cast }: { readonly path: Path; readonly cast: Cast }): Problem[] {
  return steps.flatMap((step, index) => {
    const at = [...path, index];
    const lists = listsOf(step);
    if (lists.length === 0) return problemsOf(step, { path: at, cast });
    // What goes on side by side may bring each other what they need.
    for (const { steps } of lists.slice(1)) for (const inner of steps) bring(inner, cast);
    return lists.flatMap(({ steps, path: inner }) => walk(steps, { path: [...at, ...inner], cast }));
  });
}

/** The lists that a step holds, and where in it they stand. */
function listsOf(step: Step): { readonly steps: readonly Step[]; readonly path: Path }[] {
  if (step.step === "together") return step.branches.map((steps, index) => ({ steps, path: ["branches", index] }));
  if (step.step === "during") {
    return [
      { steps: step.steps, path: ["steps"] },
      { steps: step.meanwhile, path: ["meanwhile"] },
    ];
  }
  return step.step === "repeat" ? [{ steps: step.steps, path: ["steps"] }] : [];
}

function bring(step: Step, cast: Cast): void {
  if (step.step === "start-broker") cast.hasBroker = true;
  if (step.step === "join") cast.agents.add(step.agent);
  if (step.step === "submit") cast.batches.add(step.batch);
  if (step.step === "withdraw" && step.underLoad !== undefined) cast.batches.add(step.underLoad);
  for (const list of nestedSteps(step)) for (const inner of list) bring(inner, cast);
}

const needsBroker: ReadonlySet<Step["step"]> = new Set(["join", "submit", "kill-broker"]);

function problemsOf(step: Step, { path, cast }: { readonly path: Path; readonly cast: Cast }): Problem[] {
  const problems: Problem[] = [];
  if (!cast.hasBroker && needsBroker.has(step.step)) {
    problems.push({ path, message: `no broker is there for "${step.step}": begin with the step "start-broker"` });
    // Said once.
    cast.hasBroker = true;
  }
  for (const { field, kind, word, known } of wordsOf(step, cast)) {
    if (known.has(word)) continue;
    const message = `${unknownWord(kind, word, [...known])} (no earlier step brings it)`;
    problems.push({ path: [...path, ...field], text: word, message });
  }
  bring(step, cast);
  return problems;
}

interface Word {
  readonly field: Path;
  readonly kind: "agent" | "batch of jobs";
  readonly word: string;
  readonly known: ReadonlySet<string>;
}

function wordsOf(step: Step, { agents, batches }: Cast): Word[] {
  const fact = "holds" in step ? step.holds : undefined;
  const parts: [Path, object][] = [[[], step], ...(fact === undefined ? [] : [[["holds"], fact] as [Path, object]])];
  return parts.flatMap(([within, part]) => [
    ...("agent" in part && typeof part.agent === "string" && step.step !== "join"
      ? [{ field: [...within, "agent"], kind: "agent" as const, word: part.agent, known: agents }]
      : []),
    ...("batch" in part && typeof part.batch === "string" && step.step !== "submit"
      ? [{ field: [...within, "batch"], kind: "batch of jobs" as const, word: part.batch, known: batches }]
      : []),
  ]);
}
