import type { RunVerdict } from "../../protocol/verdict.ts";
import type { WithdrawalReport } from "../../protocol/withdrawal-report.ts";
import type { JobsSummary } from "../figures/jobs.ts";
import { byteSize, counted, duration, milliseconds, wholeNumber } from "../text/duration.ts";
import { printable } from "../text/printable.ts";
import { Section } from "./chrome.tsx";
import type { PageFigures } from "./page-data.ts";

const withdrawalsShownMax = 20;
const agentsShownMax = 40;

/** How fast the donor had the machine back. */
export function Latencies({ figures: { latencies, frozen } }: { readonly figures: PageFigures }) {
  const series = latencies.filter(({ id }) => !id.startsWith("withdrawal."));
  if (series.length === 0 && frozen === null) return null;
  return (
    <Section title="Latencies" note="ms">
      <table class="numbers">
        <thead>
          <tr>
            <th />
            <th>count</th>
            <th>p50</th>
            <th>p99</th>
            <th>max</th>
          </tr>
        </thead>
        <tbody>
          {series.map(({ id, title, count, p50Ms, p99Ms, maxMs }) => (
            <tr key={id}>
              <td>{title}</td>
              <td>{wholeNumber(count)}</td>
              <td>{milliseconds(p50Ms)}</td>
              <td>{milliseconds(p99Ms)}</td>
              <td>{milliseconds(maxMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {frozen === null ? null : (
        <p class="under">
          while frozen:{" "}
          <span class={frozen.runningMax === 0 ? "good" : "bad"}>
            {frozen.runningMax === 0 ? "nothing ran" : `${counted(frozen.runningMax, "process", "processes")} ran`}
          </span>
          , {duration(frozen.cpuUsedUs / 1000)} CPU of {duration(frozen.forMs)} ({frozen.watched}×)
        </p>
      )}
    </Section>
  );
}

/** Phases in which the program that is tested is at work; the others are the harness's own. */
const workPhases: ReadonlySet<string> = new Set(["lifecycle"]);

/** Where the wall time went, and how much of it is the harness's. */
export function WallTime({ verdict: { phases, startedAt, endedAt } }: { readonly verdict: RunVerdict }) {
  if (phases.length === 0) return null;
  const total = Math.max(0, endedAt - startedAt);
  const told = phases.reduce((sum, { ms }) => sum + ms, 0);
  const whole = Math.max(total, told, 1e-9);
  const work = phases.reduce((sum, { phase, ms }) => sum + (workPhases.has(phase) ? ms : 0), 0);
  const rows = [...phases, { phase: "between the phases", ms: Math.max(0, total - told) }];
  return (
    <Section title="Where the time went" note={duration(total)}>
      <table class="numbers bars">
        <tbody>
          {rows.map(({ phase, ms }, index) => (
            <tr key={index}>
              <td>{printable(phase)}</td>
              <td>{duration(ms)}</td>
              <td>{Math.round((100 * ms) / whole)} %</td>
              <td class="bar" aria-hidden="true">
                <i class={workPhases.has(phase) ? "work" : ""} style={{ width: `${(100 * ms) / whole}%` }} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="under">
        {work === 0
          ? "No phase of it was the scenario's own."
          : `The scenario itself took ${duration(work)}; the harness around it ${duration(Math.max(0, total - work))} (${Math.round((100 * Math.max(0, total - work)) / whole)} %).`}
      </p>
    </Section>
  );
}

/** What each withdrawal measured, step by step. */
export function Withdrawals({ withdrawals }: { readonly withdrawals: readonly WithdrawalReport[] }) {
  if (withdrawals.length === 0) return null;
  const shown = withdrawals.slice(0, withdrawalsShownMax);
  const steps = shown[0]?.steps.map(({ step }) => step) ?? [];
  return (
    <Section title="Withdrawals" note="ms, step by step">
      <div class="scrolled" tabIndex={0} role="region" aria-label="Withdrawals">
        <table class="numbers">
          <thead>
            <tr>
              <th>agent</th>
              <th>left</th>
              <th>total</th>
              {steps.map((step) => (
                <th key={step}>{step}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((report, index) => (
              <tr key={index}>
                <td>{report.instanceId.slice(0, 8)}</td>
                <td class={report.clean ? "good" : "bad"}>{report.clean ? "nothing" : "something"}</td>
                <td>{milliseconds(Math.max(0, report.endedAt - report.startedAt))}</td>
                {report.steps.map(({ step, durationMs, outcome, measured }) => (
                  <td
                    key={step}
                    class={outcome === "failed" ? "bad" : outcome === "done" ? "" : "faint"}
                    title={`${outcome}. ${printable(measured)}`}
                  >
                    {milliseconds(durationMs)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {withdrawals.length > shown.length ? (
        <p class="under">and {counted(withdrawals.length - shown.length, "more withdrawal")}, in the history</p>
      ) : null}
    </Section>
  );
}

/** How long each agent was in which state. */
export function Agents({ agents }: { readonly agents: PageFigures["agents"] }) {
  if (agents.length === 0) return null;
  const shown = agents.slice(0, agentsShownMax);
  const endings = { withdrawn: "withdrawn", stopped: "stopped", open: "still there" } as const;
  return (
    <Section title="Agents" note="time in each state">
      <table class="numbers states">
        <tbody>
          {shown.map(({ instance, ending, states }) => (
            <tr key={instance}>
              <td>{printable(instance).slice(0, 8)}</td>
              <td class="faint">{endings[ending]}</td>
              <td class="list">
                {states.map(({ state, ms, times }) => (
                  <span key={state} class="state">
                    <i class={`swatch ${state}`} />
                    {state} {duration(ms)}
                    {times > 1 ? ` in ${times}` : ""}
                  </span>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {agents.length > shown.length ? (
        <p class="under">and {counted(agents.length - shown.length, "more agent")}, in the timeline</p>
      ) : null}
    </Section>
  );
}

/** What became of the jobs. */
export function Jobs({ jobs }: { readonly jobs: JobsSummary }) {
  if (jobs.submitted === 0) return null;
  const rows: readonly (readonly [string, string, string])[] = [
    ["submitted", wholeNumber(jobs.submitted), ""],
    ["completed", wholeNumber(jobs.completed), jobs.completed > 0 ? "good" : ""],
    ["handed back", `${wholeNumber(jobs.handedBack)}, ${jobs.handedBackWithCheckpoint} with checkpoint`, ""],
    ["waiting, leased", `${wholeNumber(jobs.waiting)}, ${wholeNumber(jobs.leased)}`, ""],
    ["failed, cancelled", `${wholeNumber(jobs.failed)}, ${wholeNumber(jobs.cancelled)}`, jobs.failed > 0 ? "bad" : ""],
    ["leased more than once", wholeNumber(jobs.leasedAgain), ""],
    [
      "checkpoints",
      `${wholeNumber(jobs.checkpoints)} of ${byteSize(jobs.checkpointBytes)}, ${jobs.checkpointsFailed} failed`,
      jobs.checkpointsFailed > 0 ? "doubt" : "",
    ],
    [
      "results that are right",
      `${wholeNumber(jobs.resultsCorrect)} of ${wholeNumber(jobs.resultsVerified)}`,
      jobs.resultsCorrect < jobs.resultsVerified ? "bad" : "",
    ],
    ...jobs.refusals.map(({ code, count }) => [`refused: ${printable(code)}`, wholeNumber(count), ""] as const),
  ];
  return (
    <Section title="Jobs">
      <table class="numbers">
        <tbody>
          {rows.map(([name, value, tone]) => (
            <tr key={name}>
              <td>{name}</td>
              <td class={tone}>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
