import { duration } from "../text/duration.ts";
import { printable } from "../text/printable.ts";
import { Command, PageButtons, Section, Shortcuts } from "./chrome.tsx";
import type { SuitePage, SuiteRow } from "./page-data.ts";
import { wallTime } from "./words.ts";

/** All runs of one command, with the way to each one's page. */
export function SuiteApp({ data }: { readonly data: SuitePage }) {
  const { title, tone, startedAt, tookMs, stage, rows, again } = data;
  return (
    <main class="page">
      <header class="heading">
        <div class="title">
          <span class={`badge ${tone}`}>{tone === "good" ? "PASS" : tone === "bad" ? "FAIL" : "UNKNOWN"}</span>
          <h1>{printable(title)}</h1>
          <PageButtons />
        </div>
        <p class="facts-line">
          <span>{stage} stage</span>
          <span>{wallTime(startedAt)}</span>
          <span>took {duration(tookMs)}</span>
        </p>
      </header>
      {again === null ? null : (
        <Section title="Run again what was not good">
          <Command text={printable(again)} />
        </Section>
      )}
      <Section title="Runs" note={`${rows.length}`}>
        <div class="scrolled" tabIndex={0} role="region" aria-label="Runs">
          <table class="numbers runs">
            <thead>
              <tr>
                <th>outcome</th>
                <th>scenario</th>
                <th>residue</th>
                <th>freeze p99</th>
                <th>withdrawal</th>
                <th>took</th>
                <th>attempts</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Row key={row.position} row={row} />
              ))}
            </tbody>
          </table>
        </div>
      </Section>
      <Shortcuts list={[["Tab", "the next run"]]} onKey={() => false} />
    </main>
  );
}

function Row({ row }: { readonly row: SuiteRow }) {
  const { scenario, where, seed, word, tone, residue, freezeP99Ms, withdrawalMs, tookMs, attempts, trouble } = row;
  const last = attempts.findLast(({ href }) => href !== null);
  return (
    <tr>
      <td class={tone}>{word}</td>
      <td>
        {last?.href === undefined || last.href === null ? (
          printable(scenario)
        ) : (
          <a href={last.href}>{printable(scenario)}</a>
        )}
        <span class="faint"> {[where, `seed ${printable(seed)}`].filter((part) => part !== "").join(", ")}</span>
        {trouble === "" ? null : <div class={`why ${tone}`}>{printable(trouble)}</div>}
      </td>
      <td>{residue}</td>
      <td>{freezeP99Ms === null ? "" : duration(freezeP99Ms)}</td>
      <td>{withdrawalMs === null ? "" : duration(withdrawalMs)}</td>
      <td>{duration(tookMs)}</td>
      <td>
        {attempts.map(({ run, href, exitCode }, index) => (
          <span key={run}>
            {index > 0 ? ", " : ""}
            {href === null ? `exit ${exitCode}` : <a href={href}>exit {exitCode}</a>}
          </span>
        ))}
      </td>
    </tr>
  );
}
