import { useEffect, useState } from "preact/hooks";

import { duration, wholeNumber } from "../text/duration.ts";
import { printable } from "../text/printable.ts";
import { PageButtons, type Shortcut, Shortcuts } from "./chrome.tsx";
import { HistoryView } from "./history-view.tsx";
import { Overview } from "./overview.tsx";
import type { RunPage } from "./page-data.ts";
import { ResidueView } from "./residue-view.tsx";
import { Tabs, type Tab } from "./tabs.tsx";
import { TimelineView } from "./timeline-view.tsx";
import { useRunSource } from "./run-source.ts";
import { wallTime } from "./words.ts";

const shortcuts: readonly Shortcut[] = [
  ["1 2 3 4", "overview, timeline, residue, history"],
  ["← →", "the next tab; in the timeline the next span"],
  ["↑ ↓ j k", "move in a list, a tree or the timeline"],
  ["PgUp PgDn Home End", "move far"],
  ["Enter", "open an event; from the timeline, look at the history then"],
  ["/", "filter the history"],
  ["+ - 0", "zoom in the timeline, and all of it"],
];

/** The page of one run. */
export function RunApp({ data }: { readonly data: RunPage }) {
  const source = useRunSource(data);
  const [tab, setTab] = useState(() => tabOf(location.hash));
  const [atMs, setAtMs] = useState<number | undefined>(undefined);
  const show = (id: string) => {
    setTab(id);
    history.replaceState(null, "", `#${id}`);
  };
  useEffect(() => {
    const listen = () => setTab(tabOf(location.hash));
    addEventListener("hashchange", listen);
    return () => removeEventListener("hashchange", listen);
  }, []);
  const onKey = (key: string) => {
    const tab = tabIds[Number(key) - 1];
    if (tab !== undefined) show(tab);
    if (key === "/") {
      show("history");
      setTimeout(() => document.getElementById("search")?.focus(), 0);
    }
    return tab !== undefined || key === "/";
  };
  const lookAt = (ms: number) => {
    setAtMs(ms);
    show("history");
  };
  return (
    <main class="page run-page">
      <RunHeading data={data} count={source.store?.count ?? data.history.count} />
      <Tabs tabs={tabsOf(data, source.store?.count ?? data.history.count)} shown={tab} onShow={show} />
      <div class="panel" role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
        {tab === "overview" ? <Overview data={data} /> : null}
        {tab === "timeline" ? <TimelineView lanes={source.lanes} onLookAt={lookAt} /> : null}
        {tab === "residue" ? <ResidueView verdict={data.verdict} findings={source.findings} /> : null}
        {tab === "history" && source.store !== undefined ? (
          <HistoryView store={source.store} revision={source.revision} atMs={atMs} live={data.follow !== undefined} />
        ) : null}
        {tab === "history" && source.store === undefined ? <p class="waiting">Reading the history…</p> : null}
      </div>
      <Shortcuts list={shortcuts} onKey={onKey} />
    </main>
  );
}

const tabIds = ["overview", "timeline", "residue", "history"] as const;

function tabOf(hash: string): string {
  return tabIds.find((id) => `#${id}` === hash) ?? "overview";
}

function tabsOf({ verdict: { residue, stage }, findings }: RunPage, events: number): Tab[] {
  const found = residue === null ? (stage === "sim" ? "virtual" : "not read") : wholeNumber(findings);
  return [
    { id: "overview", title: "Overview" },
    { id: "timeline", title: "Timeline" },
    { id: "residue", title: "Residue", note: found },
    { id: "history", title: "History", note: wholeNumber(events) },
  ];
}

function RunHeading({ data, count }: { readonly data: RunPage; readonly count: number }) {
  const { verdict, word, tone, home } = data;
  const facts = [
    `${verdict.stage} stage`,
    `seed ${verdict.seed}`,
    `as ${verdict.user}`,
    wallTime(verdict.startedAt),
    `took ${duration(Math.max(0, verdict.endedAt - verdict.startedAt))}`,
    `${wholeNumber(count)} events`,
  ];
  return (
    <header class="heading">
      <div class="title">
        <span class={`badge ${tone}`}>{word}</span>
        <h1>{printable(verdict.scenario)}</h1>
        <PageButtons />
      </div>
      <p class="facts-line">
        {home === undefined ? null : (
          <span>
            <a href={home}>all runs</a>
          </span>
        )}
        <span>{printable(verdict.run)}</span>
        {facts.map((fact) => (
          <span key={fact}>{printable(fact)}</span>
        ))}
      </p>
    </header>
  );
}
