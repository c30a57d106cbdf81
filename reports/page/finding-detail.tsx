import type { FactAttributes, Finding } from "../../protocol/residue-report.ts";
import { printable } from "../text/printable.ts";
import { Command } from "./chrome.tsx";
import { wallTime } from "./words.ts";

const changeWords = { appeared: "left behind", vanished: "taken away", changed: "changed" } as const;
/** Attributes that are ms since the epoch. */
const times: ReadonlySet<string> = new Set(["mtime", "ctime", "btime"]);

/** What, where, whose, why we think so, and the command that shows it. */
export function FindingDetail({ finding }: { readonly finding: Finding }) {
  const { change, surface, subject, location, owner, attribution, before, after, changed, show, remove } = finding;
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return (
    <article class="detail" aria-label="Finding">
      <h3>{printable(subject)}</h3>
      <dl class="facts">
        <dt>what</dt>
        <dd>
          {changeWords[change]} ({surface})
        </dd>
        <dt>where</dt>
        <dd class="path">{printable(location)}</dd>
        <dt>owner</dt>
        <dd>{owner === null ? "none" : printable(owner)}</dd>
        <dt>whose</dt>
        <dd>
          <span class={`whose ${attribution.to}`}>{attribution.to}</span>
        </dd>
        <dt>evidence</dt>
        <dd>
          <ol class="evidence">
            {attribution.evidence.map(({ kind, detail }, index) => (
              <li key={index}>
                <b>{kind}</b> {printable(detail)}
              </li>
            ))}
          </ol>
        </dd>
        <dt>show it</dt>
        <dd>
          <Command text={printable(show)} />
        </dd>
        {remove === undefined || remove === null ? null : (
          <>
            <dt>undo it</dt>
            <dd>
              <Command text={printable(remove)} />
            </dd>
          </>
        )}
      </dl>
      {names.length === 0 ? null : (
        <table class="attributes">
          <thead>
            <tr>
              <th>attribute</th>
              <th>before</th>
              <th>after</th>
            </tr>
          </thead>
          <tbody>
            {names.map((name) => (
              <tr key={name} class={changed.includes(name) ? "differs" : ""}>
                <td>{printable(name)}</td>
                <td>{attribute(before, name)}</td>
                <td>{attribute(after, name)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </article>
  );
}

function attribute(attributes: FactAttributes | null, name: string): string {
  const value = attributes?.[name];
  if (value === undefined || value === null) return "–";
  if (times.has(name) && typeof value === "number") return wallTime(value);
  return printable(Array.isArray(value) ? value.join(" ") : String(value));
}
