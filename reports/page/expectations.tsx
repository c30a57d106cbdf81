import type { Expectation, RunVerdict } from "../../protocol/verdict.ts";
import { printable } from "../text/printable.ts";
import { Section } from "./chrome.tsx";

const marks = { pass: "✓", fail: "✗", unknown: "?" } as const;
const tones = { pass: "good", fail: "bad", unknown: "doubt" } as const;
const order = { fail: 0, unknown: 1, pass: 2 } as const;

/** What was expected and what was seen; what does not hold comes first. */
export function Expectations({
  expectations,
  notApplicable,
}: {
  readonly expectations: readonly Expectation[];
  readonly notApplicable: NonNullable<RunVerdict["notApplicable"]>;
}) {
  if (expectations.length + notApplicable.length === 0) return null;
  const held = expectations.filter(({ result }) => result === "pass").length;
  const ordered = expectations.toSorted((a, b) => order[a.result] - order[b.result]);
  return (
    <Section title="Expectations" note={`${held} of ${expectations.length} hold`}>
      <table class="expectations">
        <thead class="unseen">
          <tr>
            <th>result</th>
            <th>id</th>
            <th>expectation</th>
            <th>seen</th>
          </tr>
        </thead>
        <tbody>
          {ordered.map(({ id, title, result, detail, story = [] }) => (
            <tr key={id}>
              <td class={`mark ${tones[result]}`} title={result}>
                {marks[result]}
                <span class="unseen"> {result}</span>
              </td>
              <td class="id">{printable(id)}</td>
              <td>{printable(title)}</td>
              <td class={result === "pass" ? "faint" : tones[result]}>
                {printable(detail)}
                {story.length === 0 ? null : (
                  <ol class="story">
                    {story.map((event, index) => (
                      <li key={index}>{printable(event)}</li>
                    ))}
                  </ol>
                )}
              </td>
            </tr>
          ))}
          {notApplicable.map(({ id, title, detail }) => (
            <tr key={id}>
              <td class="mark faint" title="not applicable">
                –<span class="unseen"> not applicable</span>
              </td>
              <td class="id faint">{printable(id)}</td>
              <td class="faint">{printable(title)}</td>
              <td class="faint">not applicable: {printable(detail)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
