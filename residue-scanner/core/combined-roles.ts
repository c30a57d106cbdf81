import type { AttributionTarget } from "../../protocol/residue-report.ts";
import type { Attribution } from "./process-attribution.ts";

/**
 * Whose it is that several had a hand in. The run's and somebody else's hand make it shared, also where nobody knows
 * whose the other one was; the harness's own beside the run's changes nothing. Without the run's, one that nobody can
 * name leaves it unexplained.
 */
export function combined(roles: readonly AttributionTarget[]): AttributionTarget {
  const has = (role: AttributionTarget) => roles.includes(role);
  const others = has("background") || has("unknown");
  if (has("shared")) return "shared";
  if (has("job")) return others ? "shared" : "job";
  if (has("agent")) return others ? "shared" : "agent";
  if (has("unknown") || roles.length === 0) return "unknown";
  return has("harness") ? "harness" : "background";
}

/** Whether somebody of the run had a hand in it. */
export function isOfRun(to: AttributionTarget): boolean {
  return to === "job" || to === "agent" || to === "shared";
}

const words: Readonly<Record<AttributionTarget, string>> = {
  agent: "the agent",
  job: "the job",
  shared: "the run and others",
  harness: "the harness",
  background: "somebody else",
  unknown: "nobody knows whom",
};

/** For `a process of …`. */
export function ofWhom(to: AttributionTarget): string {
  return words[to];
}

/**
 * What the recorder saw, beside what a thing says of itself. The run's hand outweighs everything; where only others were
 * seen at work, a thing that bears the run's name or lies in its place is the run's all the same.
 */
export function withRecorded(recorded: Attribution | null, own: Attribution): Attribution {
  if (recorded === null) return own;
  // What the harness means to keep it gives to others to write in: logs, a history.
  if (own.to === "harness") return { to: own.to, evidence: [...own.evidence, ...recorded.evidence] };
  if (isOfRun(recorded.to)) {
    const to = recorded.to === "agent" && own.to === "job" ? "job" : recorded.to;
    return { to, evidence: [...recorded.evidence, ...own.evidence] };
  }
  if (isOfRun(own.to)) {
    const [time, others] = [own.evidence.filter(isTime), own.evidence.filter((each) => !isTime(each))];
    return { to: own.to, evidence: [...others, ...recorded.evidence, ...time] };
  }
  return { to: recorded.to, evidence: [...recorded.evidence, ...own.evidence] };
}

function isTime({ kind }: Attribution["evidence"][number]): boolean {
  return kind === "time";
}
