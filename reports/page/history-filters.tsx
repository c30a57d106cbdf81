import { useMemo, useState } from "preact/hooks";

import { wholeNumber } from "../text/duration.ts";
import { everything, type HistoryFilter } from "./history-filter.ts";
import { actorOf, type HistoryStore } from "./history-store.ts";
import { seconds } from "./words.ts";

export interface HistoryFiltersProps {
  readonly store: HistoryStore;
  readonly revision: number;
  readonly filter: HistoryFilter;
  readonly onFilter: (filter: HistoryFilter) => void;
}

const actors = ["harness", "agent", "broker"] as const;

/** What is shown of the history. */
export function HistoryFilters({ store, revision, filter, onFilter }: HistoryFiltersProps) {
  const [typesOpen, setTypesOpen] = useState(false);
  const counts = useMemo(() => countsOf(store), [store, revision, store.count]);
  const toggled = (set: ReadonlySet<string>, name: string) => {
    const next = new Set(set);
    if (!next.delete(name)) next.add(name);
    return next;
  };
  const time = (text: string, otherwise: number) => {
    const value = Number(text);
    return text.trim() === "" || Number.isNaN(value) ? otherwise : value * 1000;
  };
  return (
    <div class="filters" role="search">
      <input
        id="search"
        type="search"
        placeholder="Filter: text in type, source or data ( / )"
        aria-label="Text in type, source or data"
        value={filter.text}
        onInput={(event) => onFilter({ ...filter, text: event.currentTarget.value })}
      />
      <div class="chips" role="group" aria-label="Actors">
        {actors.map((actor) => (
          <button
            key={actor}
            type="button"
            class={`chip ${actor}`}
            aria-pressed={filter.actors.has(actor)}
            onClick={() => onFilter({ ...filter, actors: toggled(filter.actors, actor) })}
          >
            {actor}
          </button>
        ))}
      </div>
      <button type="button" aria-expanded={typesOpen} onClick={() => setTypesOpen(!typesOpen)}>
        types {filter.hiddenTypes.size > 0 ? `(${filter.hiddenTypes.size} hidden)` : ""} ▾
      </button>
      <span class="times">
        <label>
          from <TimeInput value={filter.fromMs} onTime={(text) => onFilter({ ...filter, fromMs: time(text, 0) })} />
        </label>
        <label>
          to <TimeInput value={filter.toMs} onTime={(text) => onFilter({ ...filter, toMs: time(text, Infinity) })} /> s
        </label>
      </span>
      <button type="button" onClick={() => onFilter(everything)} disabled={filter === everything}>
        reset
      </button>
      {typesOpen ? (
        <fieldset class="types">
          <legend>Types of events</legend>
          <button type="button" onClick={() => onFilter({ ...filter, hiddenTypes: new Set() })}>
            all
          </button>{" "}
          <button type="button" onClick={() => onFilter({ ...filter, hiddenTypes: new Set(store.types) })}>
            none
          </button>
          <ul>
            {counts.map(([type, count]) => (
              <li key={type}>
                <label class={actorOf(type)}>
                  <input
                    type="checkbox"
                    checked={!filter.hiddenTypes.has(type)}
                    onChange={() => onFilter({ ...filter, hiddenTypes: toggled(filter.hiddenTypes, type) })}
                  />
                  {type} <span class="faint">{wholeNumber(count)}</span>
                </label>
              </li>
            ))}
          </ul>
        </fieldset>
      ) : null}
    </div>
  );
}

function TimeInput({ value, onTime }: { readonly value: number; readonly onTime: (text: string) => void }) {
  const shown = value === 0 || value === Infinity ? "" : seconds(value);
  return (
    <input
      type="text"
      inputMode="decimal"
      size={7}
      defaultValue={shown}
      key={shown}
      onChange={(event) => onTime(event.currentTarget.value)}
    />
  );
}

function countsOf(store: HistoryStore): [string, number][] {
  const counts = new Uint32Array(store.types.length);
  for (let index = 0; index < store.count; index += 1) {
    const type = store.type(index);
    counts[type] = (counts[type] as number) + 1;
  }
  return store.types
    .map((type, place): [string, number] => [type, counts[place] as number])
    .toSorted((a, b) => (a[0] < b[0] ? -1 : 1));
}
