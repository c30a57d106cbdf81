import type {
  AttributionTarget,
  Excused,
  Finding,
  ResidueReport,
  SurfaceStatus,
} from "../../protocol/residue-report.ts";
import { attribute, type AttributionKnowledge } from "./attribution.ts";
import type { AttributionContext } from "./attribution-context.ts";
import { takeCanaries } from "./canaries.ts";
import { describe } from "./describe.ts";
import { directoryFacts } from "./directory-facts.ts";
import { type Difference, type Differences, isListed } from "./difference.ts";
import { listedSurfaces, type Surface, type SurfaceReading, surfaces } from "./fact.ts";
import type { FileFact } from "./file-fact.ts";
import { tellCrowds } from "./crowds.ts";
import { type FoldableFinding, foldSubtrees } from "./fold-subtrees.ts";
import type { Inspections } from "./inspection.ts";
import type { NoiseCase } from "./noise-rule.ts";
import { noiseRules } from "./noise-rules.ts";
import { type Attribution, ProcessWitness } from "./process-attribution.ts";
import { evidenceFrom } from "./recorded-knowledge.ts";
import type { RecordedRun } from "./recorded-run.ts";
import type { Snapshot } from "./snapshot.ts";
import { summarise } from "./summary.ts";
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

const examplesMax = 5;

/** From differences to the report: whose is each, which are excused and why, and what is the verdict. */
export function reportOf(sources: ReportSources): ResidueReport {
  const { before, after, context, differences } = sources;
  const witness = new ProcessWitness(before, after, context);
  const recorded = evidenceFrom(sources, witness);
  const knowledge: AttributionKnowledge = { context, witness, inspections: sources.inspections, recorded };
  const all = differences.list.map((difference) => ({ difference, attribution: attribute(difference, knowledge) }));
  const recorder = sources.recorded?.recording.sources.map((source) => ({ ...source }));
  const { rest: judged, canaries } = takeCanaries(all, context.canaries ?? [], recorder ?? []);
  const excused = new ExcusedTally();
  const directories = { before: directoryFacts(before.files), after: directoryFacts(after.files) };
  const directoryOf = ({ key, change }: Difference) =>
    directories[change === "vanished" ? "before" : "after"](key.slice(0, key.lastIndexOf("/")) || "/");
  const counting = excuse(judged, { context, witness, excused, directoryOf });
  const told = new Set(counting.map(({ difference }) => difference));
  const crowds = tellCrowds(differences.crowds, judged, (difference) => told.has(difference));
  const described = foldSubtrees(describeAll(counting, sources), crowds.below).sort(byWeight);
  const { counting: findings, uses } = applyWaivers(described, context.waivers ?? []);
  const statuses = surfaceStatuses(before, after, differences.moreFiles + crowds.untold);
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

interface Judged {
  readonly difference: Difference;
  readonly attribution: Attribution;
}

class ExcusedTally {
  readonly #byRule = new Map<string, Excused>();

  add(rule: { readonly id: string; readonly reason: string }, example: string): void {
    const earlier = this.#byRule.get(rule.id) ?? { rule: rule.id, reason: rule.reason, count: 0, examples: [] };
    const examples = earlier.examples.length < examplesMax ? [...earlier.examples, example] : earlier.examples;
    this.#byRule.set(rule.id, { ...earlier, count: earlier.count + 1, examples });
  }

  list(): Excused[] {
    return [...this.#byRule.values()].sort((one, other) => other.count - one.count);
  }
}

/** Two passes: what is told together with something else is excused once that is known to be told. */
function excuse(
  judged: readonly Judged[],
  options: {
    context: AttributionContext;
    witness: ProcessWitness;
    excused: ExcusedTally;
    directoryOf: (difference: Difference) => FileFact | null;
  },
): Judged[] {
  const { context, witness, excused, directoryOf } = options;
  let found = foundKeys([]);
  const caseOf = ({ difference, attribution }: Judged): NoiseCase => ({
    difference,
    attribution,
    context,
    cgroupPrefixes: witness.cgroupPrefixes,
    watcherUid: witness.watcherUid,
    directory: () => directoryOf(difference),
    isFoundProcess: (pid) => found.processes.has(pid),
    isFoundCrontab: (file) => found.crontabs.has(file),
    isFoundLine: (file) => found.lines.has(file),
    isFoundSocket: (path) => found.sockets.has(path),
    isOfNamespace: (name, change) => namespaces.get(name) === change,
    isScanner: (pid) => witness.isScanner(pid),
    isReader: (pid) => witness.isReader(pid),
    wasScanner: (pid) => witness.wasScanner(pid),
  });
  const namespaces = new Map(
    judged.flatMap(({ difference }) =>
      // One that another thing keeps now is there as it was.
      difference.surface === "namespaces" && difference.change !== "changed"
        ? [[difference.key, difference.change] as const]
        : [],
    ),
  );
  const ruleFor = (one: Judged) => noiseRules.find((rule) => rule.matches(caseOf(one)));
  found = foundKeys(judged.filter((one) => ruleFor(one) === undefined));
  return judged.filter((one) => {
    const rule = ruleFor(one);
    if (rule !== undefined) excused.add(rule, exampleOf(one));
    return rule === undefined;
  });
}

interface FoundKeys {
  readonly processes: Set<number>;
  readonly crontabs: Set<string>;
  readonly lines: Set<string>;
  readonly sockets: Set<string>;
}

function foundKeys(judged: readonly Judged[]): FoundKeys {
  const found: FoundKeys = { processes: new Set(), crontabs: new Set(), lines: new Set(), sockets: new Set() };
  for (const { difference } of judged) {
    if (difference.surface === "processes" && difference.after !== null) found.processes.add(difference.after.pid);
    if (difference.surface === "crontabs" && difference.after !== null) found.crontabs.add(difference.after.file);
    if (isListed(difference)) {
      const { file } = difference.after ?? difference.before ?? {};
      if (file !== undefined) found.lines.add(file);
    }
    if (difference.surface === "sockets" && difference.after?.state === "listening")
      found.sockets.add(difference.after.local);
  }
  return found;
}

function exampleOf({ difference, attribution }: Judged): string {
  const why = attribution.evidence.find(({ kind }) => kind !== "time");
  const { location } = describe(difference, {
    userName: String,
    inspection: undefined,
    isNew: () => false,
    processes: new Map(),
  });
  return why === undefined ? location : `${location} (${why.detail})`;
}

function describeAll(counting: readonly Judged[], sources: ReportSources): FoldableFinding[] {
  const processes = new Map(sources.after.processes.map((fact) => [fact.pid, fact]));
  const came = sources.differences.list.filter(({ surface, change }) => surface === "files" && change === "appeared");
  const newFiles = new Set(came.map(({ key }) => key));
  const isNew = (file: string) => newFiles.has(file);
  return counting.map(({ difference, attribution }) => ({
    path: difference.surface === "files" ? difference.key : null,
    finding: {
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
    },
  }));
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

const statusesBestFirst: readonly SurfaceStatus["status"][] = ["done", "partial", "not-permitted", "failed"];

function surfaceStatuses(before: Snapshot, after: Snapshot, moreFiles: number): SurfaceStatus[] {
  return surfaces.map((surface) => {
    const readings = [before, after].map((snapshot) =>
      snapshot.surfaces.find((reading) => reading.surface === surface),
    );
    const [old, now] = readings;
    const comparison = problemOf(before, after);
    const troubles = readings.map((reading) => troubleOf(reading, surface));
    // What differs and is not looked at may be anybody's.
    const dropped: Trouble =
      surface === "files" && moreFiles > 0
        ? { status: "failed", detail: `${moreFiles} more differences than one report takes were left out` }
        : { status: "done", detail: "" };
    const problems = [comparison, ...troubles, dropped];
    const worst = Math.max(...problems.map(({ status }) => statusesBestFirst.indexOf(status)));
    return {
      surface,
      status: statusesBestFirst[worst] ?? "failed",
      detail: [comparison.detail, bothTold(troubles.map(({ detail }) => detail)), dropped.detail]
        .filter(Boolean)
        .join("; "),
      factsBefore: old?.facts ?? 0,
      factsAfter: now?.facts ?? 0,
      durationMs: (old?.durationMs ?? 0) + (now?.durationMs ?? 0),
    };
  });
}

/** What one reading could not see and the other could, or saw more of, is told of that one. */
function bothTold(details: readonly string[]): string {
  const [old = "", now = ""] = details;
  if (old === now) return old;
  return [old && `at the baseline: ${old}`, now && `afterwards: ${now}`].filter(Boolean).join("; ");
}

type Trouble = Pick<SurfaceStatus, "status" | "detail">;

/** Snapshots that cannot be compared prove nothing. */
function problemOf(before: Snapshot, after: Snapshot): Trouble {
  if (before.bootId !== after.bootId)
    return { status: "failed", detail: "the host was restarted between the two snapshots" };
  if (before.host !== after.host) return { status: "failed", detail: "the snapshots are of two hosts" };
  if (before.uid !== after.uid)
    return { status: "failed", detail: "the snapshots were taken by two users, who see different things" };
  if (String(before.scope) !== String(after.scope))
    return { status: "failed", detail: "the snapshots read different directories" };
  if (before.filesReader !== after.filesReader)
    return { status: "failed", detail: "files were read in two different ways" };
  return { status: "done", detail: "" };
}

function troubleOf(reading: SurfaceReading | undefined, surface: Surface): Trouble {
  if (reading !== undefined) return { status: reading.status, detail: reading.detail };
  return { status: "failed", detail: `the snapshot lacks ${surface}` };
}

/** Surfaces of which all was seen that was asked for, in both readings. */
function narrowedIn(before: Snapshot, after: Snapshot): ReadonlySet<string> {
  const names = [before, after].map(({ surfaces: readings }) =>
    readings.filter(({ isNarrowed }) => isNarrowed === true).map(({ surface }) => surface),
  );
  return new Set(names[0]).intersection(new Set(names[1]));
}
