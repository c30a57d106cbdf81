import type { AttributionTarget, Finding, ResidueReport } from "../../protocol/residue-report.ts";
import { attribute, type AttributionKnowledge } from "./attribution.ts";
import type { AttributionContext } from "./attribution-context.ts";
import { takeCanaries } from "./canaries.ts";
import { describe } from "./describe.ts";
import { directoryFacts } from "./directory-facts.ts";
import type { Difference, Differences } from "./difference.ts";
import { excuse, ExcusedTally, type Judged } from "./excuse.ts";
import { listedSurfaces, type Surface } from "./fact.ts";
import { attributeCrowds, excuseCrowds, foldCrowds } from "./crowded-directories.ts";
import { tellCrowds } from "./crowds.ts";
import { foldSubtrees } from "./fold-subtrees.ts";
import type { Inspections } from "./inspection.ts";
import { ProcessWitness } from "./process-attribution.ts";
import { evidenceFrom } from "./recorded-knowledge.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { SharedAttributions } from "./shared-attributions.ts";
import type { Snapshot } from "./snapshot.ts";
import { summarise } from "./summary.ts";
import type { Steps } from "./steps.ts";
import { narrowedIn, surfaceStatuses } from "./surface-statuses.ts";
import { judgeResidue } from "./verdict.ts";
import { applyWaivers } from "./waivers.ts";

export interface ReportSources {
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly context: AttributionContext;
  readonly differences: Differences;
  readonly inspections: Inspections;
  readonly userName: (uid: number) => string;
  /** Null where nothing was recorded. */
  readonly recorded?: RecordedRun | null;
}

/** From differences to the report: whose is each, which are excused and why, and what is the verdict. */
export function* reportOf(sources: ReportSources): Steps<ResidueReport> {
  const { before, after, context, differences } = sources;
  const witness = new ProcessWitness(before, after, context);
  const recorded = evidenceFrom(sources, witness);
  const knowledge: AttributionKnowledge = { context, witness, inspections: sources.inspections, recorded };
  const judgedAll: Judged[] = [];
  const words = new SharedAttributions();
  for (const difference of differences.list) {
    yield;
    judgedAll.push({ difference, attribution: words.shared(attribute(difference, knowledge)) });
  }
  const recorder = sources.recorded?.recording.sources.map((source) => ({ ...source }));
  const { rest: judged, canaries } = takeCanaries(judgedAll, context.canaries ?? [], recorder ?? []);
  const excused = new ExcusedTally();
  const directories = { before: directoryFacts(before.files), after: directoryFacts(after.files) };
  const directoryOf = ({ key, change }: Difference) =>
    directories[change === "vanished" ? "before" : "after"](key.slice(0, key.lastIndexOf("/")) || "/");
  const counting = yield* excuse(judged, { context, witness, recorded, excused, directoryOf, before, after });
  const told = new Set(counting.map(({ difference }) => difference));
  const crowds = tellCrowds(differences.crowds, judged, (difference) => told.has(difference));
  const crowded = attributeCrowds(differences.crowds, { recorded, excused });
  const folded = foldSubtrees(counting, crowds.below);
  const described = (yield* foldCrowds(folded, crowded.told, teller(sources))).sort(byWeight);
  const { counting: findings, uses } = applyWaivers(described, context.waivers ?? []);
  const statuses = surfaceStatuses(before, after, {
    untold: [...excuseCrowds(crowds.untold, { recorded, excused }), ...crowded.untold],
    unseen: excused.unseen,
  });
  const seen = {
    surfaces: statuses,
    ...(recorder !== undefined && { recorder }),
    ...(context.canaries !== undefined && { canaries }),
  };
  const verdict = judgeResidue({ findings: findings.length, ...seen });
  return {
    version: 1,
    verdict,
    policy: context.policy,
    summary: summarise(verdict, {
      findings,
      waived: described.length - findings.length,
      statuses,
      narrowed: narrowedIn(before, after),
      recorder: recorder ?? [],
      canaries,
    }),
    baselineAt: before.startedAtMs,
    afterAt: after.endedAtMs,
    readings: 1,
    ...seen,
    findings,
    excused: excused.list(),
    ...(context.waivers !== undefined && { waivers: uses }),
  };
}

/** Puts a difference, and whose it is, into words. */
function teller(sources: ReportSources): (one: Judged) => Finding {
  const processes = new Map(sources.after.processes.map((fact) => [fact.pid, fact]));
  const came = sources.differences.list.filter(({ surface, change }) => surface === "files" && change === "appeared");
  const newFiles = new Set(came.map(({ key }) => key));
  const isNew = (file: string) => newFiles.has(file);
  return ({ difference, attribution }) => ({
    surface: difference.surface,
    change: difference.change,
    changed: [...difference.changed],
    ...describe(difference, {
      userName: sources.userName,
      inspection: sources.inspections.get(difference.key),
      isNew,
      processes,
    }),
    attribution: { to: attribution.to, evidence: attribution.evidence },
  });
}

const targetsWorstFirst: readonly AttributionTarget[] = ["job", "agent", "shared", "unknown", "harness", "background"];
const surfacesWorstFirst: readonly string[] = [
  "processes",
  "sockets",
  "crontabs",
  "files",
  "cgroups",
  ...listedSurfaces,
] satisfies Surface[];

function byWeight(one: Finding, other: Finding): number {
  const target = targetsWorstFirst.indexOf(one.attribution.to) - targetsWorstFirst.indexOf(other.attribution.to);
  return target || surfacesWorstFirst.indexOf(one.surface) - surfacesWorstFirst.indexOf(other.surface);
}
