import type { AttributionTarget, Evidence } from "../../protocol/residue-report.ts";
import { isOfRun, ofWhom } from "./combined-roles.ts";
import { showPath } from "./path-text.ts";
import type { Attribution } from "./process-attribution.ts";
import { type RecordedWitness, showProcess } from "./recorded-witness.ts";
import type { Touch, TouchKind } from "./recording.ts";

/** A touch, and whose it is. */
export interface JudgedTouch extends Attribution {
  readonly touch: Touch;
}

/** Of each side so many are named; the others are counted. */
const namedMax = 2;

/** Who did what, the run's side first. */
export function touchEvidence(judged: readonly JudgedTouch[], witness: RecordedWitness): Evidence[] {
  const sides = Map.groupBy(judged, ({ to }) => to);
  return [...sides.entries()]
    .sort(([one], [other]) => weight(other) - weight(one))
    .flatMap(([to, all]): Evidence[] => {
      const named = all.slice(0, namedMax).flatMap((each) => evidenceOfOne(each, witness));
      const more = all.length - namedMax;
      const others = `and ${more} more ${more === 1 ? "process" : "processes"} of ${ofWhom(to)}`;
      return more > 0 ? [...named, { kind: "recorder", detail: others }] : named;
    });
}

function weight(to: AttributionTarget): number {
  return isOfRun(to) ? 1 : 0;
}

const kindWords: Readonly<Record<TouchKind, string>> = {
  created: "created it",
  deleted: "deleted it",
  "moved-from": "moved it away",
  "moved-to": "moved it here",
  attributes: "changed its attributes",
  modified: "wrote to it",
};

export const linkWords = "gave it another name, or took one away";

function evidenceOfOne({ touch, to, evidence }: JudgedTouch, witness: RecordedWitness): Evidence[] {
  const process = witness.process(touch.by);
  const who = process === null ? "a process that was not seen to start" : showProcess(process);
  const cgroup = process === null || process.cgroup === null ? "" : `, in cgroup ${showPath(process.cgroup)}`;
  const did = touch.isOfLinks === true ? linkWords : touch.kinds.map((kind) => kindWords[kind]).join(", ");
  const [why, ...further] = evidence;
  const whose = to === "unknown" ? "" : ` of ${ofWhom(to)}`;
  const detail = `${who}${whose}${cgroup} ${did}${why === undefined ? "" : `; it ${why.detail}`}`;
  return [{ kind: why?.kind === "request" ? "request" : "recorder", detail }, ...further];
}
