import { useMemo } from "preact/hooks";

import { duration } from "../text/duration.ts";
import { printable } from "../text/printable.ts";
import { Section } from "./chrome.tsx";
import { outcomeWords, toneOfOutcome } from "./outcomes.ts";
import type { StoredRunRow } from "./page-data.ts";

/** So many of a scenario's latest runs are in its trend. */
const runsShownMax = 40;

interface Trend {
  readonly scenario: string;
  /** Oldest first. */
  readonly runs: readonly StoredRunRow[];
}

/** For each scenario how its latest runs ended, and how its figures moved. */
export function Trends({ runs }: { readonly runs: readonly StoredRunRow[] }) {
  const trends = useMemo(() => trendsOf(runs), [runs]);
  if (trends.length === 0) return null;
  return (
    <Section title="Trends" note={`the latest ${runsShownMax} runs of each scenario, oldest first`}>
      <div class="scrolled" tabIndex={0} role="region" aria-label="Trends">
        <table class="trends">
          <thead>
            <tr>
              <th>scenario</th>
              <th>outcomes</th>
              <th>freeze p99</th>
              <th>withdrawal p99</th>
              <th>residue</th>
            </tr>
          </thead>
          <tbody>
            {trends.map(({ scenario, runs }) => (
              <tr key={scenario}>
                <td>{printable(scenario)}</td>
                <td>
                  <Outcomes runs={runs} />
                </td>
                <td>
                  <Spark values={runs.map(({ freezeP99Ms }) => freezeP99Ms)} words={duration} />
                </td>
                <td>
                  <Spark values={runs.map(({ withdrawalP99Ms }) => withdrawalP99Ms)} words={duration} />
                </td>
                <td>
                  <Spark values={runs.map(({ findings }) => findings)} words={String} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Outcomes({ runs }: { readonly runs: readonly StoredRunRow[] }) {
  return (
    <span class="outcomes">
      {runs.map(({ run, outcome }) => (
        <a
          key={run}
          class={`outcome ${toneOfOutcome(outcome)} ${outcome}`}
          href={`/runs/${encodeURIComponent(run)}`}
          title={`${outcomeWords[outcome]}: ${run}`}
          aria-label={`${outcomeWords[outcome]}: ${run}`}
        />
      ))}
    </span>
  );
}

const [width, height] = [150, 22];

/** A line over the runs that have a value, and the last value in words. */
function Spark({
  values,
  words,
}: {
  readonly values: readonly (number | null)[];
  readonly words: (value: number) => string;
}) {
  const most = Math.max(1e-9, ...values.map((value) => value ?? 0));
  const step = width / Math.max(1, values.length - 1);
  const points = values.flatMap((value, index) =>
    value === null
      ? []
      : [{ x: values.length === 1 ? width : index * step, y: height - 3 - (value / most) * (height - 6) }],
  );
  const last = points.at(-1);
  const value = values.findLast((one) => one !== null);
  if (last === undefined || value === undefined || value === null) return <span class="faint">–</span>;
  return (
    <span class="spark">
      <svg width={width + 6} height={height} viewBox={`-3 0 ${width + 6} ${height}`} aria-hidden="true">
        <polyline points={points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")} />
        <circle cx={last.x} cy={last.y} r="2.5" />
      </svg>
      {words(value)}
      <span class="faint"> max {words(most < 1e-6 ? 0 : most)}</span>
    </span>
  );
}

function trendsOf(runs: readonly StoredRunRow[]): Trend[] {
  const byScenario = new Map<string, StoredRunRow[]>();
  for (const run of runs) {
    if (run.scenario === null) continue;
    const of = byScenario.get(run.scenario) ?? [];
    byScenario.set(run.scenario, of);
    if (of.length < runsShownMax) of.push(run);
  }
  return [...byScenario]
    .map(([scenario, latest]) => ({ scenario, runs: latest.toReversed() }))
    .toSorted((a, b) => (a.scenario < b.scenario ? -1 : 1));
}
