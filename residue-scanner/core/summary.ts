import type {
  AttributionTarget,
  Canary,
  Finding,
  RecorderStatus,
  ResidueVerdict,
  SurfaceStatus,
} from "../../protocol/residue-report.ts";

export interface SummarySources {
  readonly findings: readonly Finding[];
  /** How many more do not count by waivers. */
  readonly waived: number;
  readonly statuses: readonly SurfaceStatus[];
  /** Surfaces of which no more was asked for. */
  readonly narrowed: ReadonlySet<string>;
  readonly recorder: readonly RecorderStatus[];
  readonly canaries: readonly Canary[];
}

const countWords: Readonly<Record<AttributionTarget, string>> = {
  agent: "of the agent",
  job: "of the job",
  shared: "shared with others",
  harness: "of the harness",
  background: "of the background",
  unknown: "unexplained",
};

/** One sentence that says the verdict and why. */
export function summarise(verdict: ResidueVerdict, known: SummarySources): string {
  const { waived } = known;
  const more = waived === 0 ? "" : ` ${waived} ${waived === 1 ? "finding does" : "findings do"} not count by a waiver.`;
  return `${sentenceFor(verdict, known)}${more}`;
}

function sentenceFor(verdict: ResidueVerdict, known: SummarySources): string {
  const { findings, statuses, narrowed, recorder, canaries } = known;
  const lost = statuses.filter(({ status }) => status !== "done").map(({ surface }) => surface);
  switch (verdict) {
    case "clean":
      // What no collector reads (packages of rpm, the mounts, keys and IPC of other namespaces) is not vouched for.
      if (known.waived > 0) return "Nothing is left that counts, and every surface was seen.";
      return `Nothing is left: all of ${statuses.map(({ surface }) => surface).join(", ")} was seen and is as it was.`;
    case "partial":
      return `Nothing was found, but ${[limitsOf(lost, narrowed), recorderLimits(recorder)].filter(Boolean).join(", and ")}.`;
    case "unknown":
      return `Nothing was found, but ${lossesOf(statuses, recorder, canaries)}.`;
    case "residue": {
      const counts = Map.groupBy(findings, ({ attribution }) => attribution.to);
      const parts = [...counts].map(([to, list]) => `${list.length} ${countWords[to]}`);
      return `${countBoth(findings)}: ${parts.join(", ")}.`;
    }
  }
}

function lossesOf(
  statuses: readonly SurfaceStatus[],
  recorder: readonly RecorderStatus[],
  canaries: readonly Canary[],
): string {
  const failed = statuses.filter(({ status }) => status === "failed").map(({ surface }) => surface);
  const missed = recorder.filter(({ status }) => status === "lost").map(({ source }) => source);
  return [
    ...(failed.length > 0 ? [`evidence was lost on: ${failed.join(", ")}`] : []),
    ...(canaries.some(({ isRight }) => !isRight)
      ? ["the scanner did not find its own canaries as whose they are"]
      : []),
    ...(missed.length > 0 ? [`the recorder lost events of: ${missed.join(", ")}`] : []),
  ].join(", and ");
}

/** Whose doing anything was is then told by weaker evidence, or not at all. */
function recorderLimits(recorder: readonly RecorderStatus[]): string {
  const limited = recorder.filter(({ status }) => status !== "done");
  if (limited.length === 0) return "";
  if (limited.every(({ status }) => status === "off")) return "whose doing anything was, was not recorded";
  return `not all that was done could be recorded (${limited.map(({ source }) => source).join(", ")})`;
}

function limitsOf(lost: readonly string[], narrowed: ReadonlySet<string>): string {
  const asked = lost.filter((surface) => narrowed.has(surface));
  const hidden = lost.filter((surface) => !narrowed.has(surface));
  return [
    ...(asked.length > 0 ? [`of ${asked.join(", ")} only what was asked for was read`] : []),
    ...(hidden.length > 0 ? [`this user does not see all of: ${hidden.join(", ")}`] : []),
  ].join(", and ");
}

/** `2 things are left on the host and 1 is gone from it`: what vanished is not left, though it is residue as well. */
function countBoth(findings: readonly Finding[]): string {
  const gone = findings.filter(({ change }) => change === "vanished").length;
  const left = findings.length - gone;
  const things = (count: number) => `${count} ${count === 1 ? "thing is" : "things are"}`;
  if (gone === 0) return `${things(left)} left on the host`;
  if (left === 0) return `${things(gone)} gone from the host`;
  return `${things(left)} left on the host and ${gone} ${gone === 1 ? "is" : "are"} gone from it`;
}
