import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";

import { wholeNumber } from "../text/duration.ts";
import { everything, filterColumns, type Found, type HistoryFilter, searchTexts } from "./history-filter.ts";
import { EventDetail } from "./event-detail.tsx";
import { HistoryFilters } from "./history-filters.tsx";
import { actorOf, eventOf, type HistoryStore } from "./history-store.ts";
import { oneLine, seconds } from "./words.ts";
import { WindowedList } from "./windowed-list.tsx";

const rowHeight = 22;

export interface HistoryViewProps {
  readonly store: HistoryStore;
  /** Grows with what was added to the store. */
  readonly revision: number;
  /** Where to look first: ms since the run began; undefined for the beginning. */
  readonly atMs: number | undefined;
  readonly live: boolean;
}

/** Every event, filterable, and one of them in full. */
export function HistoryView({ store, revision, atMs, live }: HistoryViewProps) {
  const [filter, setFilter] = useState<HistoryFilter>(everything);
  const found = useFound(store, filter, revision);
  const [selected, setSelected] = useState(-1);
  const [, redraw] = useState(0);
  const [open, setOpen] = useState(false);
  const { rows } = found;
  useEffect(() => {
    if (atMs !== undefined) setSelected(firstAtOrAfter(store, rows, atMs));
  }, [atMs]);
  const onWindow = useCallback(
    (from: number, to: number) => {
      const [first, last] = [rows[from], rows[to]];
      if (first === undefined || last === undefined) return;
      void store.ready(first, last).then(() => redraw((times) => times + 1));
    },
    [store, rows],
  );
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter") setOpen((is) => !is);
    if (event.key === "Escape") setOpen(false);
  };
  const event = rows[selected];
  return (
    <section class="history" aria-label="History">
      <HistoryFilters store={store} filter={filter} onFilter={setFilter} revision={revision} />
      <p class="count" role="status">
        {wholeNumber(rows.length)} of {wholeNumber(store.count)} events
        {found.done ? "" : `, searching… ${Math.floor((100 * found.searched) / Math.max(1, store.count))} %`}
      </p>
      <div class="history-head row" aria-hidden="true">
        <span class="number">time</span>
        <span>actor</span>
        <span>event</span>
        <span>data</span>
      </div>
      <div class={`history-body ${open && event !== undefined ? "with-detail" : ""}`}>
        <WindowedList
          count={rows.length}
          rowHeight={rowHeight}
          label="events"
          role="grid"
          selected={selected}
          onSelect={(index, by) => {
            setSelected(index);
            if (by === "click") setOpen(true);
          }}
          onKey={onKey}
          onWindow={onWindow}
          follow={live && selected === -1}
          row={(place) => eventRow(store, rows[place] as number)}
        />
        {open && event !== undefined ? (
          <EventDetail store={store} index={event} onClose={() => setOpen(false)} />
        ) : null}
      </div>
    </section>
  );
}

function eventRow(store: HistoryStore, index: number) {
  const type = store.types[store.type(index)] ?? "";
  const line = store.line(index);
  const actor = actorOf(type);
  return {
    className: `event ${actor}`,
    content: (
      <>
        <span class="number" role="gridcell">
          {seconds(store.at(index))}
        </span>
        <span class="actor" role="gridcell">
          {actor}
        </span>
        <span class="type" role="gridcell">
          {type}
        </span>
        <span class="data" role="gridcell">
          {line === undefined ? "…" : oneLine(eventOf(line).data)}
        </span>
      </>
    ),
  };
}

/** By the columns at once, and by the text as far as it was searched. */
function useFound(store: HistoryStore, filter: HistoryFilter, revision: number): Found {
  const { text, actors, hiddenTypes, fromMs, toMs } = filter;
  const byColumns = useMemo(
    () => filterColumns(store, filter),
    [store, actors, hiddenTypes, fromMs, toMs, revision, store.count],
  );
  const [found, setFound] = useState<Found>({ rows: byColumns, searched: 0, done: false });
  const latest = useRef<AbortController>(undefined);
  useEffect(() => {
    latest.current?.abort();
    if (text === "") return undefined;
    const search = new AbortController();
    latest.current = search;
    void (async () => {
      for await (const more of searchTexts(store, { rows: byColumns, text, signal: search.signal })) {
        if (!search.signal.aborted) setFound(more);
      }
    })();
    return () => search.abort();
  }, [store, byColumns, text]);
  return text === "" ? { rows: byColumns, searched: store.count, done: true } : found;
}

function firstAtOrAfter(store: HistoryStore, rows: Uint32Array, atMs: number): number {
  const place = rows.findIndex((index) => store.at(index) >= atMs);
  return place === -1 ? rows.length - 1 : place;
}
