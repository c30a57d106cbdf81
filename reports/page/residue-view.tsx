import { useMemo, useState } from "preact/hooks";

import type { Finding, ResidueReport } from "../../protocol/residue-report.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import { counted, milliseconds, wholeNumber } from "../text/duration.ts";
import { printable } from "../text/printable.ts";
import { Section } from "./chrome.tsx";
import { FindingDetail } from "./finding-detail.tsx";
import { openRows, residueTree, type TreeRow } from "./residue-tree.ts";
import { WindowedList } from "./windowed-list.tsx";

const rowHeight = 24;
const rowsShownMax = 22;
const examplesMax = 3;

/** What stayed behind, whose it is and how that is known; what was looked at, and what was excused. */
export function ResidueView(props: {
  readonly verdict: RunVerdict;
  readonly findings: readonly Finding[] | undefined;
}) {
  const { verdict, findings } = props;
  const { residue, stage } = verdict;
  if (residue === null) {
    const why =
      stage === "sim"
        ? "Virtual time: nothing of this host was touched. What the modelled one holds is judged by withdraw-complete."
        : "The run ended before the host was read again.";
    return <p class="waiting">{why}</p>;
  }
  return (
    <div class="residue">
      <Section
        title={`Residue: ${residue.verdict}`}
        note={`${residue.policy} policy, ${counted(residue.readings, "reading")} after the run`}
      >
        <p class="summary">{printable(residue.summary)}</p>
        {findings === undefined ? <p class="waiting">Reading the findings…</p> : null}
        {findings === undefined || findings.length === 0 ? null : <Findings findings={findings} />}
      </Section>
      <div class="columns">
        <Surfaces residue={residue} />
        <Excused residue={residue} />
      </div>
      <Waived residue={residue} />
    </div>
  );
}

function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  const tree = useMemo(() => residueTree(findings), [findings]);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => openRows(tree, closed), [tree, closed]);
  const [selected, setSelected] = useState(() => rows.findIndex(({ node }) => node.finding !== undefined));
  const shown = rows[selected];
  const toggle = (key: string) => {
    const next = new Set(closed);
    if (!next.delete(key)) next.add(key);
    setClosed(next);
  };
  const onKey = (event: KeyboardEvent) => {
    if (shown === undefined) return;
    const isClosed = closed.has(shown.node.key);
    const hasMore = shown.node.children.length > 0;
    const parent = rows.findLastIndex(({ depth }, index) => index < selected && depth < shown.depth);
    if (event.key === "ArrowRight" && hasMore && isClosed) toggle(shown.node.key);
    else if (event.key === "ArrowRight" && hasMore) setSelected(selected + 1);
    else if (event.key === "ArrowLeft" && hasMore && !isClosed) toggle(shown.node.key);
    else if (event.key === "ArrowLeft" && parent >= 0) setSelected(parent);
    else if (event.key === "Enter" && hasMore) toggle(shown.node.key);
    else return;
    event.preventDefault();
  };
  return (
    <div class="findings">
      <div class="tree" style={{ height: `${Math.min(rowsShownMax, Math.max(8, rows.length)) * rowHeight + 2}px` }}>
        <WindowedList
          count={rows.length}
          rowHeight={rowHeight}
          label="findings"
          role="tree"
          selected={selected}
          onSelect={(index) => {
            const row = rows[index];
            if (index === selected && row !== undefined && row.node.children.length > 0) toggle(row.node.key);
            setSelected(index);
          }}
          onKey={onKey}
          row={(index) => treeRow(rows[index] as TreeRow, closed)}
        />
      </div>
      {shown?.node.finding === undefined ? null : <FindingDetail finding={shown.node.finding} />}
    </div>
  );
}

function treeRow({ node, depth }: TreeRow, closed: ReadonlySet<string>) {
  const hasMore = node.children.length > 0;
  const isOpen = !closed.has(node.key);
  const { finding } = node;
  return {
    className: finding === undefined ? "folder" : "finding",
    attributes: { "aria-level": depth + 1, ...(hasMore ? { "aria-expanded": isOpen } : {}) },
    content: (
      <>
        <span class="indent" style={{ width: `${depth * 14}px` }} />
        <span class="twist">{hasMore ? (isOpen ? "▾" : "▸") : ""}</span>
        {finding === undefined ? null : <span class={`change ${finding.change}`}>{finding.change}</span>}
        <span class="label">{printable(node.label)}</span>
        {finding === undefined ? (
          <span class="faint">{wholeNumber(node.count)}</span>
        ) : (
          <span class={`whose ${finding.attribution.to}`}>{finding.attribution.to}</span>
        )}
      </>
    ),
  };
}

const marks = { done: "✓", partial: "◐", "not-permitted": "○", failed: "✗" } as const;
const tones = { done: "good", partial: "doubt", "not-permitted": "doubt", failed: "bad" } as const;

function Surfaces({ residue: { surfaces, recorder = [] } }: { readonly residue: ResidueReport }) {
  return (
    <Section title="What was read" note={counted(surfaces.length, "surface")}>
      <table class="numbers">
        <thead>
          <tr>
            <th>surface</th>
            <th>before</th>
            <th>after</th>
            <th>ms</th>
          </tr>
        </thead>
        <tbody>
          {surfaces.map(({ surface, status, detail, factsBefore, factsAfter, durationMs }) => (
            <tr key={surface}>
              <td>
                <span class={tones[status]} title={status}>
                  {marks[status]}
                </span>{" "}
                {printable(surface)}
                {status === "done" ? null : (
                  <div class={`why ${tones[status]}`}>{printable(`${status}: ${detail}`)}</div>
                )}
              </td>
              <td>{wholeNumber(factsBefore)}</td>
              <td>{wholeNumber(factsAfter)}</td>
              <td>{milliseconds(durationMs)}</td>
            </tr>
          ))}
          {recorder.map(({ source, status, detail, events }) => (
            <tr key={`recorder ${source}`}>
              <td>
                recorder: {source}
                {status === "done" ? null : <div class="why doubt">{printable(`${status}: ${detail}`)}</div>}
              </td>
              <td />
              <td>{wholeNumber(events)}</td>
              <td />
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Excused({ residue: { excused } }: { readonly residue: ResidueReport }) {
  if (excused.length === 0) return null;
  const total = excused.reduce((sum, { count }) => sum + count, 0);
  return (
    <Section title="Excused" note={`${counted(total, "difference")} by ${counted(excused.length, "rule")}`}>
      <table class="numbers rules">
        <tbody>
          {excused.map(({ rule, reason, count, examples }) => (
            <tr key={rule}>
              <td>
                {printable(rule)}
                <div class="why faint">{printable(reason)}</div>
                {examples.slice(0, examplesMax).map((example) => (
                  <div key={example} class="why path">
                    {printable(example)}
                  </div>
                ))}
              </td>
              <td>{wholeNumber(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Waived({ residue: { waivers = [] } }: { readonly residue: ResidueReport }) {
  if (waivers.length === 0) return null;
  return (
    <Section title="Waived" note="by the policy file">
      <table>
        <tbody>
          {waivers.map(({ finding, reason, expires, findings }, index) => (
            <tr key={index}>
              <td class="path">{printable(finding)}</td>
              <td>{printable(reason)}</td>
              <td>until {printable(expires)}</td>
              <td>{counted(findings.length, "finding")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
