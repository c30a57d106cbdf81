import { nestedSteps } from "../steps/nested-steps.ts";
import type { Step, StepOf } from "../steps/step.ts";
import { type Problem, unknownWord } from "./file-problem.ts";

type Path = readonly PropertyKey[];

interface Cast {
  readonly agents: Set<string>;
  readonly batches: Set<string>;
  /** The names of the faults that were applied. */
  readonly faults: Set<string>;
  hasBroker: boolean;
  /** Some step may have applied faults of which its data says nothing. */
  hidesFaults: boolean;
}

/**
 * Whether each step speaks of whom and of what an earlier one brought.
 *
 * @param wrong what is wrong with steps as such: those may have been meant to bring whatever they name
 */
export function castProblems(steps: readonly unknown[], wrong: readonly Problem[]): Problem[] {
  const cast: Cast = {
    ...{ agents: new Set(), batches: new Set(), faults: new Set() },
    ...{ hasBroker: false, hidesFaults: false },
  };
  const broken = new Set(wrong.map(({ path }) => stepPath(path).join(".")));
  return walk(steps as readonly Step[], { path: ["steps"], cast, broken });
}

/** Up to the innermost step that a path leads into. */
function stepPath(path: Path): Path {
  const last = path.findLastIndex((key, at) => {
    const list = typeof path[at - 1] === "number" ? path[at - 2] : path[at - 1];
    return typeof key === "number" && (list === "branches" ? typeof path[at - 1] === "number" : isList(list));
  });
  return path.slice(0, last + 1);
}

const isList = (key: PropertyKey | undefined): boolean => key === "steps" || key === "meanwhile";

/** Whatever a step names that cannot be read. */
function bringNamed(value: unknown, cast: Cast): void {
  if (typeof value !== "object" || value === null) return;
  for (const [field, inner] of Object.entries(value)) {
    if (typeof inner === "string" && field === "agent") cast.agents.add(inner);
    if (typeof inner === "string" && field === "batch") cast.batches.add(inner);
    bringNamed(inner, cast);
  }
}

interface Place {
  readonly path: Path;
  readonly cast: Cast;
  /** The paths of steps that cannot be read. */
  readonly broken: ReadonlySet<string>;
}

function walk(steps: readonly Step[], { path, cast, broken }: Place): Problem[] {
  return steps.flatMap((step, index) => {
    const at = [...path, index];
    if (broken.has(at.join("."))) {
      bringNamed(step, cast);
      cast.hasBroker = true;
      cast.hidesFaults = true;
      return [];
    }
    const lists = listsOf(step);
    if (lists.length === 0) return problemsOf(step, { path: at, cast });
    // What goes on side by side may bring each other what they need.
    for (const { steps, path: inner } of lists.slice(1)) {
      for (const [place, one] of steps.entries()) {
        if (isBroken(broken, [...at, ...inner, place])) {
          bringNamed(one, cast);
          cast.hidesFaults = true;
        } else bring(one, cast);
      }
    }
    return lists.flatMap(({ steps, path: inner }) => walk(steps, { path: [...at, ...inner], cast, broken }));
  });
}

/** Whether it cannot be read, or something in it. */
function isBroken(broken: ReadonlySet<string>, path: Path): boolean {
  const own = path.join(".");
  return [...broken].some((one) => one === own || one.startsWith(`${own}.`));
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
  if (bringsAgent(step)) cast.agents.add(step.agent);
  if (step.step === "submit") cast.batches.add(step.batch);
  if (step.step === "withdraw" && step.underLoad !== undefined) cast.batches.add(step.underLoad);
  if (step.step === "fault") cast.faults.add(step.as ?? step.fault.kind);
  // It may play any step, and only its author knows which.
  if (step.step === "own") cast.hidesFaults = true;
  for (const list of nestedSteps(step)) for (const inner of list) bring(inner, cast);
}

const bringsAgent = (step: Step): step is StepOf<"join" | "begin-joining"> =>
  step.step === "join" || step.step === "begin-joining";

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
    const message = `${unknownWord(kind, word, [...known])} (no earlier step ${kind === "fault" ? "applies" : "brings"} it)`;
    problems.push({ path: [...path, ...field], text: word, message });
  }
  bring(step, cast);
  return problems;
}

interface Word {
  readonly field: Path;
  readonly kind: "agent" | "batch of jobs" | "fault";
  readonly word: string;
  readonly known: ReadonlySet<string>;
}

function wordsOf(step: Step, { agents, batches, faults, hidesFaults }: Cast): Word[] {
  if (step.step === "heal" && step.fault !== undefined) {
    return hidesFaults ? [] : [{ field: ["fault"], kind: "fault", word: step.fault, known: faults }];
  }
  const fact = "holds" in step ? step.holds : undefined;
  const parts: [Path, object][] = [[[], step], ...(fact === undefined ? [] : [[["holds"], fact] as [Path, object]])];
  return parts.flatMap(([within, part]) => [
    ...("agent" in part && typeof part.agent === "string" && !bringsAgent(step)
      ? [{ field: [...within, "agent"], kind: "agent" as const, word: part.agent, known: agents }]
      : []),
    ...("replays" in part && typeof part.replays === "string"
      ? [{ field: [...within, "replays"], kind: "agent" as const, word: part.replays, known: agents }]
      : []),
    ...("batch" in part && typeof part.batch === "string" && step.step !== "submit"
      ? [{ field: [...within, "batch"], kind: "batch of jobs" as const, word: part.batch, known: batches }]
      : []),
  ]);
}
