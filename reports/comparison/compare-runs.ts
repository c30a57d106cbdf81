import { findingFingerprint } from "../../protocol/finding-fingerprint.ts";
import type { RunVerdict, Verdict } from "../../protocol/verdict.ts";
import { type LatencySeries, latencies } from "../figures/latencies.ts";
import type { EndedRun } from "../reporter.ts";

/** One thing that both runs may have been judged by; null where a run was not. */
export interface ComparedJudgement {
  readonly name: string;
  readonly a: string | null;
  readonly b: string | null;
  /** Whether B is worse: neither being as bad nor not having been judged in A counts. */
  readonly worse: boolean;
}

/** One figure of both runs, in milliseconds. */
export interface ComparedFigure {
  readonly name: string;
  readonly a: number | null;
  readonly b: number | null;
}

export interface Comparison {
  readonly a: string;
  readonly b: string;
  /** Options that differ, and which scenario or stage where those do: figures of unlike runs tell little. */
  readonly unlike: readonly { readonly name: string; readonly a: string; readonly b: string }[];
  /** Only those that differ. */
  readonly judgements: readonly ComparedJudgement[];
  /** The same in both. */
  readonly judgedAlike: number;
  readonly figures: readonly ComparedFigure[];
  /** What stayed behind in B and not in A, one sentence each, and the other way round. */
  readonly residueNew: readonly string[];
  readonly residueGone: readonly string[];
  /** Whether an expectation, the residue or the clean-up is worse in B. */
  readonly worse: boolean;
}

/** What is different between two runs, A being the earlier or the better known. */
export function compareRuns(a: EndedRun, b: EndedRun): Comparison {
  const all = judgements(a.verdict, b.verdict);
  const judged = all.filter((one) => one.a !== one.b);
  const residueNew = findingsOnlyIn(b.verdict, a.verdict);
  return {
    ...{ a: a.verdict.run, b: b.verdict.run, unlike: unlike(a.verdict, b.verdict) },
    ...{ judgements: judged, judgedAlike: all.length - judged.length },
    figures: figures(a, b),
    ...{ residueNew, residueGone: findingsOnlyIn(a.verdict, b.verdict) },
    worse: judged.some(({ worse }) => worse) || residueNew.length > 0,
  };
}

const rank: Readonly<Record<string, number>> = {
  ...{ pass: 0, clean: 0, partial: 1, unknown: 2, fail: 3, residue: 3 },
};

function judgements(a: RunVerdict, b: RunVerdict): ComparedJudgement[] {
  const ids = [...new Set([...a.expectations, ...b.expectations].map(({ id }) => id))];
  const resultOf = ({ expectations }: RunVerdict, wanted: string): Verdict | null =>
    expectations.find(({ id }) => id === wanted)?.result ?? null;
  return [
    judgement("lifecycle", a.lifecycle, b.lifecycle),
    judgement("residue", a.residue?.verdict ?? null, b.residue?.verdict ?? null),
    judgement("clean-up", a.cleanUp.result, b.cleanUp.result),
    ...ids.map((id) => judgement(id, resultOf(a, id), resultOf(b, id))),
  ];
}

function judgement(name: string, a: string | null, b: string | null): ComparedJudgement {
  // What B was not judged by, and A was, is lost evidence.
  const badnessOf = (word: string | null) => (word === null ? 2 : (rank[word] ?? 3));
  return { name, a, b, worse: a !== null && badnessOf(b) > badnessOf(a) };
}

function unlike(a: RunVerdict, b: RunVerdict): { name: string; a: string; b: string }[] {
  const told = ({ scenario, stage, user, options }: RunVerdict) => ({ scenario, stage, user, ...options });
  const [one, other] = [told(a) as Record<string, unknown>, told(b) as Record<string, unknown>];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names
    .map((name) => ({ name, a: JSON.stringify(one[name]) ?? "none", b: JSON.stringify(other[name]) ?? "none" }))
    .filter(({ a, b }) => a !== b);
}

function figures(a: EndedRun, b: EndedRun): ComparedFigure[] {
  const [seriesA, seriesB] = [latencies(a.history), latencies(b.history)];
  const titles = new Map([...seriesA, ...seriesB].map(({ id, title }) => [id, title]));
  const of = (series: readonly LatencySeries[], wanted: string) => series.find(({ id }) => id === wanted);
  const phases = [...new Set([...a.verdict.phases, ...b.verdict.phases].map(({ phase }) => phase))];
  const phaseMs = ({ verdict }: EndedRun, wanted: string): number | null => {
    const those = verdict.phases.filter(({ phase }) => phase === wanted);
    return those.length === 0 ? null : those.reduce((sum, { ms }) => sum + ms, 0);
  };
  return [
    ...[...titles].flatMap(([id, title]) => {
      const [one, other] = [of(seriesA, id), of(seriesB, id)];
      const p50 = { a: one?.p50Ms ?? null, b: other?.p50Ms ?? null };
      // What was measured once is one figure, whatever it is called.
      if (Math.max(one?.count ?? 0, other?.count ?? 0) <= 1) return [{ name: title, ...p50 }];
      const p99 = { name: `${title}, p99`, a: one?.p99Ms ?? null, b: other?.p99Ms ?? null };
      return [{ name: `${title}, p50`, ...p50 }, p99];
    }),
    ...phases.map((phase) => ({ name: `time in ${phase}`, a: phaseMs(a, phase), b: phaseMs(b, phase) })),
  ];
}

/** Whatever a finding holds of its own run alone (its name, times, numbers of processes) makes it no other one. */
function findingsOnlyIn(one: RunVerdict, other: RunVerdict): string[] {
  const known = new Map<string, number>();
  for (const finding of other.residue?.findings ?? []) {
    const fingerprint = findingFingerprint(finding, [other.run]);
    known.set(fingerprint, (known.get(fingerprint) ?? 0) + 1);
  }
  return (one.residue?.findings ?? []).flatMap((finding) => {
    const fingerprint = findingFingerprint(finding, [one.run]);
    const left = known.get(fingerprint) ?? 0;
    known.set(fingerprint, left - 1);
    return left > 0 ? [] : [`${finding.change} in ${finding.surface}: ${finding.location}`];
  });
}
