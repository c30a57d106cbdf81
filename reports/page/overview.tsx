import { duration } from "../text/duration.ts";
import { printable } from "../text/printable.ts";
import { Command, Section } from "./chrome.tsx";
import { Expectations } from "./expectations.tsx";
import { Agents, Jobs, Latencies, WallTime, Withdrawals } from "./figures.tsx";
import type { RunPage } from "./page-data.ts";

/** The verdict, what is wrong, what was expected, what was measured, and where the time went. */
export function Overview({ data }: { readonly data: RunPage }) {
  const { verdict, troubles, lostEvidence, figures, tone } = data;
  return (
    <div class="overview">
      <Verdicts data={data} />
      {troubles.length === 0 ? null : (
        <Section title="What is wrong">
          <ul class={`troubles ${tone}`}>
            {troubles.map((trouble, index) => (
              <li key={index}>{printable(trouble)}</li>
            ))}
          </ul>
        </Section>
      )}
      {lostEvidence.length === 0 ? null : (
        <Section title="Lost evidence" note="the figures leave it out">
          <ul class="troubles doubt">
            {lostEvidence.map((lost, index) => (
              <li key={index}>{printable(lost)}</li>
            ))}
          </ul>
        </Section>
      )}
      <Expectations expectations={verdict.expectations} notApplicable={verdict.notApplicable ?? []} />
      <div class="columns">
        <Latencies figures={figures} />
        <WallTime verdict={verdict} />
      </div>
      <Withdrawals withdrawals={figures.withdrawals} />
      <div class="columns">
        <Agents agents={figures.agents} />
        <Jobs jobs={figures.jobs} />
      </div>
      <CleanUp data={data} />
      <Options data={data} />
    </div>
  );
}

function Verdicts({ data: { verdict, tone, follow } }: { readonly data: RunPage }) {
  if (follow !== undefined) return <p class="live">This run goes on; timeline and history follow it.</p>;
  const residue = verdict.residue?.verdict ?? (verdict.stage === "sim" ? "virtual time" : "not read");
  return (
    <dl class="verdicts">
      <div>
        <dt>lifecycle</dt>
        <dd class={toneOfWord(verdict.lifecycle)}>{verdict.lifecycle}</dd>
      </div>
      <div>
        <dt>residue</dt>
        <dd class={toneOfWord(residue)}>{residue}</dd>
      </div>
      <div>
        <dt>clean-up</dt>
        <dd class={toneOfWord(verdict.cleanUp.result)}>{verdict.cleanUp.result}</dd>
      </div>
      <div>
        <dt>exit code</dt>
        <dd class={tone}>{verdict.exitCode}</dd>
      </div>
      <div class="wide">
        <dt>{verdict.exitCode === 0 ? "run it again" : "reproduce"}</dt>
        <dd>
          <Command text={printable(verdict.reproduce)} />
        </dd>
      </div>
    </dl>
  );
}

function toneOfWord(word: string): string {
  if (["pass", "clean"].includes(word)) return "good";
  return ["fail", "residue"].includes(word) ? "bad" : "doubt";
}

function CleanUp({ data: { verdict } }: { readonly data: RunPage }) {
  const { result, notUndone } = verdict.cleanUp;
  if (result === "pass") return null;
  return (
    <Section title="Clean-up" note="the harness could not undo all that it did">
      <ul class="troubles bad">
        {notUndone.map(({ what, why, finishWith }, index) => (
          <li key={index}>
            {printable(`${what}: ${why}`)} <Command text={printable(finishWith)} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Options({ data: { verdict, runDirectory } }: { readonly data: RunPage }) {
  const told = Object.entries(verdict.options).map(([name, value]): [string, string] => [
    name,
    typeof value === "string" ? value : (JSON.stringify(value) ?? ""),
  ]);
  return (
    <Section title="Options" note="as the run was started, defaults filled in">
      <dl class="options">
        {[...told, ["run directory", runDirectory] as [string, string]].map(([name, value]) => (
          <div key={name}>
            <dt>{printable(name)}</dt>
            <dd>{printable(value)}</dd>
          </div>
        ))}
        <div>
          <dt>wall time</dt>
          <dd>{duration(Math.max(0, verdict.endedAt - verdict.startedAt))}</dd>
        </div>
      </dl>
    </Section>
  );
}
