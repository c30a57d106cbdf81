import type { Scenario } from "../steps/scenario.ts";
import { type CheckerName, checkers, type NamedExpectation } from "../checkers/registry.ts";
import type { AgentDefinition } from "./define-agent.ts";

/** The checkers that go by what is seen of an agent from outside, and what it must be able to do for that. */
const fromOutside: { readonly [Name in CheckerName]?: keyof AgentDefinition } = {
  "freeze-latency": "pause",
  "pause-silence": "pause",
  "withdrawal-bound": "withdraw",
};

/** Instead of what an agent's own report says: the half of it that can be seen from outside. */
const instead: { readonly [Name in CheckerName]?: CheckerName } = {
  "withdrawal-measured": "withdrawal-bound",
};

/** What the harness records whosever agent it is. */
const seenAnyway: ReadonlySet<string> = new Set(["witness.result", "fault.applied", "fault.undone"]);

export interface Applicable {
  readonly judged: readonly NamedExpectation[];
  readonly notApplicable: readonly { readonly id: string; readonly title: string; readonly detail: string }[];
}

/**
 * Which of a scenario's expectations can be judged of somebody else's agent. One that goes by what only ours records
 * would hold of an empty history, too: whatever is not known to apply does not.
 */
export function applicableTo(
  definition: AgentDefinition,
  expectations: ReturnType<Scenario["expectations"]>,
): Applicable {
  const judged = new Map<CheckerName, NamedExpectation>();
  const notApplicable: Applicable["notApplicable"][number][] = [];
  for (const expectation of expectations) {
    const { checker } = expectation;
    const detail = whyNot(definition, checker);
    if (detail === null) judged.set(checker, expectation);
    else notApplicable.push({ id: checker, title: checkers[checker].title, detail });
    const other = instead[checker];
    if (other !== undefined && !judged.has(other)) judged.set(other, { checker: other });
  }
  return { judged: [...judged.values()], notApplicable };
}

function whyNot({ name, usesBroker = false, ...has }: AgentDefinition, checker: CheckerName): string | null {
  const needed = fromOutside[checker];
  if (needed !== undefined) {
    return has[needed as keyof typeof has] === undefined ? `${name} has no ${needed}` : null;
  }
  const types: readonly string[] = checkers[checker].sees;
  if (usesBroker && types.every((type) => type.startsWith("broker.") || seenAnyway.has(type))) return null;
  return `it goes by what ${name} does not record`;
}
