import { useEffect, useRef, useState } from "preact/hooks";

import type { HistoryRecord } from "../../protocol/history.ts";
import type { Finding } from "../../protocol/residue-report.ts";
import type { Lanes } from "../figures/lanes/lane.ts";
import { RunLanes } from "../figures/lanes/run-lanes.ts";
import { EmbeddedHistory } from "./embedded-history.ts";
import type { HistoryStore } from "./history-store.ts";
import { LiveHistory } from "./live-history.ts";
import { pageElements, type RunPage } from "./page-data.ts";
import { unpackText } from "./unpack.ts";

/** Where a page's history and timeline come from: itself, or a run that goes on. */
export interface RunSource {
  readonly store: HistoryStore | undefined;
  readonly lanes: Lanes | undefined;
  readonly findings: readonly Finding[] | undefined;
  /** Grows with the store. */
  readonly revision: number;
}

const nothing: RunSource = { store: undefined, lanes: undefined, findings: undefined, revision: 0 };

/** What came in is drawn so often at most. */
const liveDrawMs = 400;

export function useRunSource(data: RunPage): RunSource {
  const [source, setSource] = useState(nothing);
  const started = useRef(false);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    if (data.follow === undefined) void openEmbedded(data, setSource);
    else follow(data.follow, setSource);
  }, []);
  return source;
}

async function openEmbedded(data: RunPage, tell: (source: RunSource) => void): Promise<void> {
  await parsed();
  const store = await EmbeddedHistory.open(data.history);
  performance.mark("history-ready");
  tell({ ...nothing, store });
  const findings = (await unpackJson(pageElements.findings)) as readonly Finding[] | undefined;
  tell({ ...nothing, store, findings });
  const lanes = (await unpackJson(pageElements.lanes)) as Lanes | undefined;
  performance.mark("timeline-ready");
  tell({ ...nothing, store, findings, lanes });
}

async function unpackJson(id: string): Promise<unknown> {
  const text = await unpackText(id);
  return text === undefined ? undefined : JSON.parse(text);
}

/** The page's program runs before the rest of the page is there. */
function parsed(): Promise<void> {
  if (document.readyState !== "loading") return Promise.resolve();
  return new Promise((resolve) => document.addEventListener("DOMContentLoaded", () => resolve(), { once: true }));
}

function follow(address: string, tell: (source: RunSource) => void): void {
  const store = new LiveHistory();
  let lanes: RunLanes | undefined;
  let drawing = false;
  let revision = 0;
  const draw = () => {
    drawing = false;
    revision += 1;
    tell({ store, lanes: lanes?.finished(), findings: [], revision });
  };
  const events = new EventSource(address);
  events.addEventListener("record", ({ data }: MessageEvent<string>) => {
    const record = JSON.parse(data) as HistoryRecord;
    store.add(record);
    lanes ??= new RunLanes(record.at);
    lanes.see(record);
    if (drawing) return;
    drawing = true;
    setTimeout(draw, liveDrawMs);
  });
  // It has a verdict by now: the page of an ended run says it.
  events.addEventListener("ended", () => {
    events.close();
    location.reload();
  });
}
