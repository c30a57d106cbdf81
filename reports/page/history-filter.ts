import { actorOf, type HistoryStore } from "./history-store.ts";

/** Which events are shown. */
export interface HistoryFilter {
  /** Stands in the type, the source or the data, whatever the case. */
  readonly text: string;
  readonly actors: ReadonlySet<string>;
  /** Those that are left out. */
  readonly hiddenTypes: ReadonlySet<string>;
  /** Ms since the run began. */
  readonly fromMs: number;
  readonly toMs: number;
}

export const everything: HistoryFilter = {
  ...{ text: "", actors: new Set(["harness", "agent", "broker"]), hiddenTypes: new Set<string>() },
  ...{ fromMs: 0, toMs: Infinity },
};

/** What a search has found so far; `searched` of `count` events were looked at. */
export interface Found {
  readonly rows: Uint32Array;
  readonly searched: number;
  readonly done: boolean;
}

/** By the columns alone, at once. */
export function filterColumns(store: HistoryStore, filter: HistoryFilter, before: number = store.count): Uint32Array {
  const shown = store.types.map((type) => filter.actors.has(actorOf(type)) && !filter.hiddenTypes.has(type));
  const rows = new Uint32Array(before);
  let length = 0;
  for (let index = 0; index < before; index += 1) {
    const at = store.at(index);
    if (shown[store.type(index)] === true && at >= filter.fromMs && at <= filter.toMs) rows[length++] = index;
  }
  return rows.slice(0, length);
}

const sliceMs = 8;
const stretchEvents = 500;

/**
 * Looks through the texts of the rows, in slices short enough to scroll in between, and tells what it has by then.
 *
 * @param signal ends it
 */
export async function* searchTexts(
  store: HistoryStore,
  { rows, text, signal }: { readonly rows: Uint32Array; readonly text: string; readonly signal: AbortSignal },
): AsyncGenerator<Found> {
  const wanted = text.toLowerCase();
  const typeHas = store.types.map((type) => type.toLowerCase().includes(wanted));
  const sourceHas = store.sources.map((source) => source.toLowerCase().includes(wanted));
  const found = new Uint32Array(rows.length);
  let length = 0;
  let since = performance.now();
  for (let place = 0; place < rows.length; place += stretchEvents) {
    const end = Math.min(rows.length, place + stretchEvents);
    await store.ready(rows[place] as number, rows[end - 1] as number);
    if (signal.aborted) return;
    for (let at = place; at < end; at += 1) {
      const index = rows[at] as number;
      const inHead = typeHas[store.type(index)] === true || sourceHas[store.source(index)] === true;
      if (inHead || store.line(index)?.toLowerCase().includes(wanted) === true) found[length++] = index;
    }
    if (performance.now() - since < sliceMs) continue;
    yield { rows: found.slice(0, length), searched: end, done: false };
    await nextTask();
    since = performance.now();
  }
  yield { rows: found.slice(0, length), searched: rows.length, done: true };
}

/** Lets the page draw and be scrolled. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
