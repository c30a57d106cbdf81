import type { AttributionTarget, Evidence } from "../../protocol/residue-report.ts";
import { runMarker } from "../../protocol/job-environment.ts";
import type { OtherRun } from "./attribution-context.ts";
import type { Difference } from "./difference.ts";
import type { ProcessFact } from "./fact.ts";

/** As it is said of a difference. */
interface Attributed {
  readonly to: AttributionTarget;
  readonly evidence: Evidence[];
}

/** Whether a process is another run's, by what it bears itself; null where it bears nothing of the kind. */
export function ofOtherRun(
  fact: Pick<ProcessFact, "pid" | "startTime" | "marks">,
  others: readonly OtherRun[],
): Evidence | null {
  for (const other of others) {
    if (fact.marks?.[runMarker] === other.id) {
      return { kind: "marker", detail: `${runMarker}=${other.id} in its environment is ${wordsOf(other)}` };
    }
    const harness = harnessOf(fact, [other]);
    if (harness !== null) return harness;
  }
  return null;
}

/** Whether a process is the harness of another run. */
export function harnessOf(
  { pid, startTime }: { readonly pid: number; readonly startTime: string | null },
  others: readonly OtherRun[],
): Evidence | null {
  const other = others.find((one) => one.pid === pid && one.startTime === startTime);
  return other === undefined ? null : { kind: "parent", detail: `${harnessWords}${wordsOf(other)}` };
}

/** Whether evidence says that a process itself is another run's harness. */
export function isOtherHarness({ evidence }: Attributed): boolean {
  return evidence.some(({ kind, detail }) => kind === "parent" && detail.startsWith(harnessWords));
}

/** What nobody can be blamed for is another run's where its name says so: such names are drawn for one run alone. */
export function namedByOtherRun(difference: Difference, seen: Attributed, others: readonly OtherRun[]): Attributed {
  if (seen.to !== "unknown") return seen;
  const other = others.find((one) => isNamedBy(difference.key, one));
  if (other === undefined) return seen;
  const detail = `its name is of ${wordsOf(other)}`;
  return { to: "background", evidence: [{ kind: "path", detail }, ...seen.evidence] };
}

/** Whether evidence names another run. */
export function isOfOtherRun({ to, evidence }: Attributed): boolean {
  return to === "background" && evidence.some(({ detail }) => detail.includes(meanwhile));
}

/** Whether a name is one that only another run uses. */
export function isNamedByAny(key: string, others: readonly OtherRun[]): boolean {
  return others.some((one) => isNamedBy(key, one));
}

/** `houseguest-0a1b2c3d` for its place, `houseguest-run-0a1b2c3d` for its cgroup, and its run directory. */
function isNamedBy(key: string, { id, name }: OtherRun): boolean {
  return new RegExp(`houseguest-(?:run-)?${id}(?![0-9a-z])`).test(key) || `${key}/`.includes(`/${name}/`);
}

const harnessWords = "is the harness of ";
const meanwhile = "which went on at the same time";

function wordsOf({ name }: OtherRun): string {
  return `the run ${name}, ${meanwhile}`;
}
