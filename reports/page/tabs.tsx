import { useRef } from "preact/hooks";

export interface Tab {
  readonly id: string;
  readonly title: string;
  /** A count or a mark beside the title. */
  readonly note?: string;
}

/** A list of tabs with roving focus (ARIA Authoring Practices: Tabs): arrows move, and what is moved to is shown. */
export function Tabs(props: {
  readonly tabs: readonly Tab[];
  readonly shown: string;
  readonly onShow: (id: string) => void;
}) {
  const { tabs, shown, onShow } = props;
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.findIndex(({ id }) => id === shown);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length];
    if (next === undefined) return;
    onShow(next.id);
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Parts of the report" ref={list} onKeyDown={onKeyDown}>
      {tabs.map(({ id, title, note }) => (
        <button
          key={id}
          id={`tab-${id}`}
          type="button"
          role="tab"
          aria-selected={id === shown}
          aria-controls={`panel-${id}`}
          tabIndex={id === shown ? 0 : -1}
          onClick={() => onShow(id)}
        >
          {title}
          {note === undefined ? null : <span class="note">{note}</span>}
        </button>
      ))}
    </div>
  );
}
