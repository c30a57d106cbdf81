import { useEffect, useState } from "preact/hooks";

import { printable } from "../text/printable.ts";
import { actorOf, eventOf, type HistoryStore } from "./history-store.ts";
import { seconds, wallTime } from "./words.ts";

/** One event in full. */
export function EventDetail(props: {
  readonly store: HistoryStore;
  readonly index: number;
  readonly onClose: () => void;
}) {
  const { store, index, onClose } = props;
  const [line, setLine] = useState(store.line(index));
  useEffect(() => {
    setLine(store.line(index));
    void store.ready(index, index).then(() => setLine(store.line(index)));
  }, [store, index]);
  const type = store.types[store.type(index)] ?? "";
  const atMs = store.at(index);
  const event = line === undefined ? undefined : eventOf(line);
  return (
    <aside class="detail" aria-label="Event">
      <header>
        <h2>{type}</h2>
        <button type="button" onClick={onClose} aria-label="Close the event">
          ×
        </button>
      </header>
      <dl class="facts">
        <dt>when</dt>
        <dd>
          {seconds(atMs)} s after the run began, {wallTime(store.beganAt + atMs)}
        </dd>
        <dt>who</dt>
        <dd>
          {actorOf(type)}, {printable(store.sources[store.source(index)] ?? "")}
        </dd>
        <dt>number</dt>
        <dd>
          {event === undefined ? "…" : event.sequence} of its source, {index} in all
        </dd>
      </dl>
      <pre tabIndex={0}>{event === undefined ? "…" : pretty(event.data)}</pre>
    </aside>
  );
}

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), undefined, 2).split("\n").map(printable).join("\n");
  } catch {
    return printable(json);
  }
}
