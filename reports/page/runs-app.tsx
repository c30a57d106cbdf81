import { useEffect, useMemo, useState } from "preact/hooks";

import { duration } from "../text/duration.ts";
import { printable } from "../text/printable.ts";
import { PageButtons, Section, Shortcuts } from "./chrome.tsx";
import type { RunsPage, StoredRunRow } from "./page-data.ts";
import { outcomeWords, toneOfOutcome } from "./outcomes.ts";
import { Trends } from "./trends.tsx";
import { wallTime } from "./words.ts";

/** Every stored run and how they went over time; what is new comes by itself. */
export function RunsApp({ data }: { readonly data: RunsPage }) {
  const [runs, setRuns] = useState(data.runs);
  const [text, setText] = useState("");
  useEffect(() => {
    const events = new EventSource(data.follow);
    events.addEventListener("runs", ({ data: told }: MessageEvent<string>) => {
      setRuns((JSON.parse(told) as { runs: StoredRunRow[] }).runs);
    });
    return () => events.close();
  }, []);
  const wanted = text.toLowerCase();
  const shown = useMemo(
    () =>
      runs.filter(({ run, scenario, outcome }) => `${run} ${scenario ?? ""} ${outcome}`.toLowerCase().includes(wanted)),
    [runs, wanted],
  );
  const onKey = (key: string) => {
    if (key === "/") document.getElementById("search")?.focus();
    return key === "/";
  };
  return (
    <main class="page">
      <header class="heading">
        <div class="title">
          <h1>Runs</h1>
          <PageButtons />
        </div>
        <p class="facts-line">
          <span>{printable(data.root)}</span>
          <span>{runs.length} stored</span>
          <span>{runs.filter(({ outcome }) => outcome === "running").length} running</span>
        </p>
      </header>
      <div class="filters" role="search">
        <input
          id="search"
          type="search"
          placeholder="Filter: scenario, run or outcome ( / )"
          aria-label="Scenario, run or outcome"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
      <Trends runs={shown} />
      <Section title="Runs" note={`${shown.length}, newest first`}>
        <div class="scrolled" tabIndex={0} role="region" aria-label="Runs">
          <table class="numbers runs">
            <thead>
              <tr>
                <th>outcome</th>
                <th>scenario</th>
                <th>stage</th>
                <th>residue</th>
                <th>freeze p99</th>
                <th>withdrawal p99</th>
                <th>took</th>
                <th>when</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((run) => (
                <Row key={run.run} run={run} />
              ))}
            </tbody>
          </table>
        </div>
        {runs.length === 0 ? (
          <p class="waiting">
            There are no runs here yet. Make one with <code>npx scenarios run withdraw-under-load</code>.
          </p>
        ) : null}
      </Section>
      <Shortcuts list={[["/", "filter the runs"]]} onKey={onKey} />
    </main>
  );
}

function Row({ run }: { readonly run: StoredRunRow }) {
  const { outcome, scenario, stage, residue, findings, freezeP99Ms, withdrawalP99Ms, tookMs, startedAt, note } = run;
  return (
    <tr>
      <td class={toneOfOutcome(outcome)}>{outcomeWords[outcome]}</td>
      <td>
        <a href={`/runs/${encodeURIComponent(run.run)}`} title={run.run}>
          {printable(scenario ?? run.run)}
        </a>
        {note === "" ? null : <div class="why faint">{printable(note)}</div>}
      </td>
      <td>{stage ?? ""}</td>
      <td class={residue === "residue" ? "bad" : residue === "clean" ? "good" : "faint"}>
        {residue ?? ""}
        {findings !== null && findings > 0 ? ` (${findings})` : ""}
      </td>
      <td>{freezeP99Ms === null ? "" : duration(freezeP99Ms)}</td>
      <td>{withdrawalP99Ms === null ? "" : duration(withdrawalP99Ms)}</td>
      <td>{tookMs === null ? "" : duration(tookMs)}</td>
      <td>{startedAt === null ? "" : wallTime(startedAt)}</td>
    </tr>
  );
}
