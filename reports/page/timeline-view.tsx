import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { duration } from "../text/duration.ts";
import { printable } from "../text/printable.ts";
import { type Lanes, type LaneTone, laneTones } from "../figures/lanes/lane.ts";
import { axisHeight, drawTimeline, labelWidth, rowHeight, type TimelineView as View } from "./timeline-canvas.ts";
import { nextSpan, spanAt } from "./timeline-spans.ts";
import { seconds } from "./words.ts";

interface Chosen {
  readonly lane: number;
  readonly span: number;
}

/** All rows over the time of the run; zoomed with wheel or keys, moved by dragging. */
export function TimelineView({
  lanes,
  onLookAt,
}: {
  readonly lanes: Lanes | undefined;
  readonly onLookAt: (ms: number) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [range, setRange] = useState<{ from: number; to: number } | undefined>(undefined);
  const [chosen, setChosen] = useState<Chosen>({ lane: 0, span: -1 });
  const [, redraw] = useState(0);
  const drag = useRef<{ x: number; from: number; to: number; moved: boolean } | undefined>(undefined);
  const end = Math.max(1, lanes?.endMs ?? 1);
  const shown = range ?? { from: 0, to: end };

  const draw = () => {
    if (lanes === undefined || canvas.current === null || box.current === null) return;
    drawTimeline(canvas.current, lanes, viewOf(box.current, shown, chosen));
  };
  useEffect(draw);
  useEffect(() => {
    const again = () => redraw((times) => times + 1);
    const observer = new ResizeObserver(again);
    if (box.current !== null) observer.observe(box.current);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", again);
    document.addEventListener("themechange", again);
    return () => {
      observer.disconnect();
      scheme.removeEventListener("change", again);
      document.removeEventListener("themechange", again);
    };
  }, []);
  if (lanes === undefined) return <p class="waiting">Reading the timeline…</p>;

  const move = (from: number, to: number) => {
    const span = Math.min(end, Math.max(0.05, to - from));
    const start = Math.min(end - span, Math.max(0, from));
    setRange(span >= end ? undefined : { from: start, to: start + span });
  };
  const zoom = (factor: number, around = (shown.from + shown.to) / 2) => {
    move(around - (around - shown.from) * factor, around + (shown.to - around) * factor);
  };
  const timeAt = (x: number) => {
    const width = Math.max(1, (box.current?.clientWidth ?? 1) - labelWidth(box.current?.clientWidth ?? 0));
    return shown.from + ((x - labelWidth(box.current?.clientWidth ?? 0)) / width) * (shown.to - shown.from);
  };
  const choose = (next: Chosen) => {
    setChosen(next);
    const lane = lanes.lanes[next.lane];
    const from = lane?.from[next.span];
    if (
      lane?.kind === "spans" &&
      from !== undefined &&
      (from > shown.to || (lane.to[next.span] as number) < shown.from)
    ) {
      const half = (shown.to - shown.from) / 2;
      move(from - half, from + half);
    }
    scrollToRow(box.current, next.lane);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { lane, span } = chosen;
    const at = lanes.lanes[lane]?.from[span] ?? (shown.from + shown.to) / 2;
    const within = (index: number) => Math.min(lanes.lanes.length - 1, Math.max(0, index));
    const toLane = (index: number) => choose({ lane: within(index), span: spanAt(lanes.lanes[within(index)], at) });
    const acts: Record<string, () => void> = {
      ArrowRight: () => choose({ lane, span: nextSpan(lanes.lanes[lane], span, 1) }),
      ArrowLeft: () => choose({ lane, span: nextSpan(lanes.lanes[lane], span, -1) }),
      ...{ ArrowDown: () => toLane(lane + 1), ArrowUp: () => toLane(lane - 1) },
      ...{ j: () => toLane(lane + 1), k: () => toLane(lane - 1) },
      ...{
        Home: () => choose({ lane, span: 0 }),
        End: () => choose({ lane, span: (lanes.lanes[lane]?.from.length ?? 1) - 1 }),
      },
      ...{ "+": () => zoom(0.5, at), "=": () => zoom(0.5, at), "-": () => zoom(2, at), "0": () => setRange(undefined) },
      Enter: () => onLookAt(at),
    };
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  const onWheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.shiftKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
    event.preventDefault();
    const span = shown.to - shown.from;
    if (event.ctrlKey) zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, timeAt(event.offsetX));
    else
      move(
        shown.from + ((event.deltaX || event.deltaY) / 800) * span,
        shown.to + ((event.deltaX || event.deltaY) / 800) * span,
      );
  };
  const onPointer = (event: PointerEvent) => {
    if (event.type === "pointerdown") {
      drag.current = { x: event.clientX, ...shown, moved: false };
      return;
    }
    const held = drag.current;
    if (event.type === "pointerup") {
      drag.current = undefined;
      if (held !== undefined && !held.moved) pick(event);
      return;
    }
    if (held === undefined || event.buttons === 0 || event.pointerType === "touch") return;
    const shift = ((held.x - event.clientX) / Math.max(1, box.current?.clientWidth ?? 1)) * (held.to - held.from);
    if (Math.abs(held.x - event.clientX) > 3) held.moved = true;
    if (held.moved) move(held.from + shift, held.to + shift);
  };
  const pick = (event: PointerEvent) => {
    const edges = canvas.current?.getBoundingClientRect();
    if (edges === undefined || box.current === null) return;
    const y = event.clientY - edges.top;
    const lane = Math.floor((y - axisHeight + box.current.scrollTop) / rowHeight);
    if (y < axisHeight || lanes.lanes[lane] === undefined) return;
    setChosen({ lane, span: spanAt(lanes.lanes[lane], timeAt(event.clientX - edges.left)) });
  };
  const words = wordsOf(lanes, chosen);
  return (
    <div class="timeline">
      <p class="timeline-bar">
        <button type="button" onClick={() => zoom(0.5)} aria-label="Zoom in">
          +
        </button>
        <button type="button" onClick={() => zoom(2)} aria-label="Zoom out">
          −
        </button>
        <button type="button" onClick={() => setRange(undefined)} disabled={range === undefined}>
          all
        </button>
        <span class="faint">
          {seconds(shown.from)} s to {seconds(shown.to)} s
        </span>
        <Legend lanes={lanes} />
      </p>
      <div
        ref={box}
        class="timeline-box"
        style={{ maxHeight: `${axisHeight + lanes.lanes.length * rowHeight + 8}px` }}
        role="application"
        tabIndex={0}
        aria-label={`Timeline of ${lanes.lanes.length} rows; arrows choose row and span, + and - zoom, Enter opens the history then`}
        aria-describedby="timeline-words"
        onScroll={draw}
        onKeyDown={onKeyDown}
        onWheel={onWheel}
        onPointerDown={onPointer}
        onPointerMove={onPointer}
        onPointerUp={onPointer}
        onDblClick={(event) => zoom(0.25, timeAt(event.offsetX))}
      >
        <canvas ref={canvas} aria-hidden="true" />
        <div class="timeline-rows" style={{ height: `${axisHeight + lanes.lanes.length * rowHeight}px` }} />
      </div>
      <p class="timeline-words" id="timeline-words" role="status">
        {words ?? "Choose a row and a span with the arrows or a click."}
        {words === undefined ? null : (
          <button type="button" onClick={() => onLookAt(lanes.lanes[chosen.lane]?.from[chosen.span] ?? shown.from)}>
            show in the history
          </button>
        )}
      </p>
    </div>
  );
}

function viewOf(box: HTMLElement, shown: { from: number; to: number }, chosen: Chosen): View {
  return { ...{ width: box.clientWidth, height: box.clientHeight, scrollTop: box.scrollTop }, ...shown, chosen };
}

function scrollToRow(box: HTMLElement | null, row: number): void {
  if (box === null) return;
  const top = row * rowHeight;
  const height = box.clientHeight - axisHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + rowHeight > box.scrollTop + height) box.scrollTop = top + rowHeight - height;
}

function wordsOf({ lanes, texts }: Lanes, { lane, span }: Chosen): string | undefined {
  const row = lanes[lane];
  const [from, to, text] = [row?.from[span], row?.to[span], texts[row?.text[span] ?? -1]];
  if (row === undefined || from === undefined || to === undefined) return undefined;
  if (row.kind === "points") return `${row.label}: ${duration(to)}, at ${seconds(from)} s`;
  return `${printable(text ?? "")}: ${seconds(from)} s to ${seconds(to)} s, ${duration(to - from)}`;
}

/** Those need no words. */
const unexplained: ReadonlySet<LaneTone> = new Set(["phase", "step", "process"]);

/** The tones that occur. */
function Legend({ lanes }: { readonly lanes: Lanes }) {
  const tones = useMemo(() => {
    const seen = new Set(lanes.lanes.flatMap(({ kind, tone }) => (kind === "spans" ? [...new Set(tone)] : [])));
    return laneTones.filter((tone, place) => seen.has(place) && !unexplained.has(tone));
  }, [lanes]);
  return (
    <span class="legend">
      {tones.map((tone) => (
        <span key={tone} class="state">
          <i class={`swatch ${tone}`} />
          {tone}
        </span>
      ))}
    </span>
  );
}
