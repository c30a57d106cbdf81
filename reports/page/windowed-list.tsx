import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { listKey } from "./list-keys.ts";
import { contentHeight } from "./scroll-scale.ts";
import { useListView } from "./use-list-view.ts";

export interface WindowedListProps {
  readonly count: number;
  readonly rowHeight: number;
  readonly label: string;
  /** `grid` for rows of columns, `tree` for a tree. */
  readonly role: "grid" | "tree" | "listbox";
  readonly selected: number;
  readonly onSelect: (index: number, by: "key" | "click") => void;
  readonly onKey?: (event: KeyboardEvent) => void;
  /** Is told what is in sight, the last included. */
  readonly onWindow?: (from: number, to: number) => void;
  /** The row's element gets these. */
  readonly row: (index: number) => {
    readonly className?: string;
    readonly attributes?: object;
    readonly content: ComponentChildren;
  };
  /** Stay at the end while the list grows. */
  readonly follow?: boolean;
}

/** Rows above and below what is in sight, so that a short scroll shows no gap. */
const marginRows = 12;

/** A list of any length, of which only what is in sight is in the document. Focus stays on the list, which says which row is active. */
export function WindowedList(props: WindowedListProps) {
  const { count, rowHeight, label, role, selected, onSelect, onKey, onWindow, row, follow = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const { view, look, moveTo, settle } = useListView(box, count * rowHeight);
  const from = Math.max(0, Math.floor(view.top / rowHeight) - marginRows);
  const to = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + marginRows);
  useEffect(() => {
    if (to > from) onWindow?.(from, to - 1);
  }, [from, to, onWindow]);
  useEffect(() => {
    if (follow) moveTo(count * rowHeight);
  }, [follow, count]);
  useEffect(() => {
    if (selected < 0) return;
    const top = selected * rowHeight;
    if (top < view.top) moveTo(top);
    else if (top + rowHeight > view.top + view.height) moveTo(top + rowHeight - view.height);
  }, [selected]);
  const id = (index: number) => `${label.replaceAll(/\W/g, "-")}-${index}`;
  const onKeyDown = (event: KeyboardEvent) => {
    const next = listKey(event, { selected, count, page: Math.max(1, Math.floor(view.height / rowHeight) - 1) });
    if (next === undefined) return onKey?.(event);
    event.preventDefault();
    return onSelect(next, "key");
  };
  const rows = [];
  for (let index = from; index < to; index += 1) {
    const { className = "", attributes = {}, content } = row(index);
    rows.push(
      <div
        key={index}
        id={id(index)}
        role={rowRoles[role]}
        class={`row ${className}`}
        aria-selected={index === selected}
        aria-rowindex={role === "grid" ? index + 1 : undefined}
        style={{
          transform: `translateY(${index * rowHeight - view.top + view.scrollTop}px)`,
          height: `${rowHeight}px`,
        }}
        onClick={() => onSelect(index, "click")}
        {...attributes}
      >
        {content}
      </div>,
    );
  }
  return (
    <div
      ref={box}
      class="windowed"
      role={role}
      tabIndex={0}
      aria-label={label}
      aria-rowcount={role === "grid" ? count : undefined}
      aria-activedescendant={selected >= from && selected < to ? id(selected) : undefined}
      onScroll={look}
      onScrollEnd={settle}
      onKeyDown={onKeyDown}
    >
      <div class="windowed-rows" style={{ height: `${contentHeight(count * rowHeight)}px` }}>
        {rows}
      </div>
    </div>
  );
}

const rowRoles = { grid: "row", tree: "treeitem", listbox: "option" } as const;
