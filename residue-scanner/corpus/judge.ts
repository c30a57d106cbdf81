import type { AttributionTarget, Finding, ResidueReport } from "../../protocol/residue-report.ts";
import type { CorpusItem, Trace } from "./item.ts";
import { expand, type Variables, withDirectory } from "./variables.ts";

/** What came of doing one item. */
export interface Outcome {
  /** `skipped`: this host does not allow it. `broken`: the corpus itself failed to do it. */
  readonly status: "done" | "skipped" | "broken";
  /** Why it was not done, in words. */
  readonly reason: string;
}

/** What the report says of one item. */
export interface Judgement {
  readonly item: CorpusItem;
  readonly outcome: Outcome;
  /** The findings that tell it, as they are located. */
  readonly found: readonly string[];
  /** Whose they are, the run's first; null without any. */
  readonly attributedTo: AttributionTarget | null;
  /** The rules by which it was excused, as far as the report's examples show. */
  readonly excusedBy: readonly string[];
}

type Found = Pick<Finding, "location" | "attribution">;

/** Whose the run's own things are; the strongest claim first. */
const targetsByBlame: readonly AttributionTarget[] = ["job", "agent", "shared", "unknown", "harness", "background"];
const runs: ReadonlySet<AttributionTarget> = new Set(["job", "agent", "shared"]);

/** Looks an item up in a report. What was not done is not looked up. */
export function judge(
  item: CorpusItem,
  { report, variables, outcome }: { report: ResidueReport; variables: Variables; outcome: Outcome },
): Judgement {
  const own = withDirectory(variables, item.name);
  const findings = outcome.status === "done" ? report.findings.filter((one) => tells(item, one, own)) : [];
  const excused = outcome.status === "done" ? report.excused.filter((one) => excuses(item, one.examples, own)) : [];
  return {
    item,
    outcome,
    found: findings.map(({ location }) => location),
    attributedTo: strongest(findings),
    excusedBy: excused.map(({ rule }) => rule),
  };
}

/** Whether a finding says whose it is, and that it is the run's. */
export function isOfRun({ attributedTo }: Judgement): boolean {
  return attributedTo !== null && runs.has(attributedTo);
}

/** Whether the report charges the run with what somebody else did, or leaves it for others to explain. */
export function isBlamed({ item, attributedTo }: Judgement): boolean {
  if (attributedTo === "shared" && item.sharedBecause !== undefined) return false;
  return attributedTo !== null && attributedTo !== "background";
}

/** The findings that tell one of the items. */
export function claimed(findings: readonly Finding[], items: readonly CorpusItem[], variables: Variables): Finding[] {
  const own = items.map((item) => ({ item, variables: withDirectory(variables, item.name) }));
  return findings.filter((finding) => own.some(({ item, variables }) => tells(item, finding, variables)));
}

function strongest(findings: readonly Found[]): AttributionTarget | null {
  const targets = findings.map(({ attribution }) => attribution.to);
  return targets.toSorted((one, other) => targetsByBlame.indexOf(one) - targetsByBlame.indexOf(other))[0] ?? null;
}

function tells(item: CorpusItem, finding: Finding, variables: Variables): boolean {
  return item.traces.some((trace) => fits(trace, finding, variables));
}

function fits(trace: Trace, finding: Finding, variables: Variables): boolean {
  if (trace.surface !== undefined && trace.surface !== finding.surface) return false;
  if (trace.change !== undefined && trace.change !== finding.change) return false;
  if (trace.changed?.every((name) => finding.changed.includes(name)) === false) return false;
  return holds(textOf(finding), expand(trace.text, variables));
}

/** Everything in which a finding may name what it is about; not the evidence, which names others too. */
function textOf({ id, location, subject, owner, before, after }: Finding): string {
  const attributes = [before, after].flatMap((side) => Object.values(side ?? {}).flat());
  return [id, location, subject, owner ?? "", ...attributes].join("\n");
}

/** Not as the beginning of a longer name. */
function holds(text: string, wanted: string): boolean {
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    if (!/^[\w-]/.test(text.slice(at + wanted.length))) return true;
  }
  return false;
}

function excuses(item: CorpusItem, examples: readonly string[], variables: Variables): boolean {
  // An example is a location and says nothing of its surface.
  const traces = item.traces.filter(({ surface }) => surface === undefined);
  return traces.some(({ text }) => examples.some((example) => holds(example, expand(text, variables))));
}
