import { type Lane, type Lanes, laneTones } from "../figures/lanes/lane.ts";
import { duration } from "../text/duration.ts";
import { printable } from "../text/printable.ts";
import { shownTheme } from "./theme.ts";
import { lastBefore } from "./timeline-spans.ts";

export const rowHeight = 22;
export const axisHeight = 24;

/** What part of the timeline is in sight, in CSS pixels and in ms. */
export interface TimelineView {
  readonly width: number;
  readonly height: number;
  readonly scrollTop: number;
  readonly from: number;
  readonly to: number;
  readonly chosen: { readonly lane: number; readonly span: number };
}

/** How wide the rows' names are. */
export function labelWidth(width: number): number {
  return width < 600 ? 96 : 190;
}

interface Pen {
  readonly context: CanvasRenderingContext2D;
  readonly view: TimelineView;
  readonly left: number;
  readonly color: (name: string) => string;
  /** Where a time is. */
  readonly x: (ms: number) => number;
}

/** Draws the rows in sight, and nothing of what falls into a pixel that is drawn already. */
export function drawTimeline(canvas: HTMLCanvasElement, { lanes, texts }: Lanes, view: TimelineView): void {
  const context = canvas.getContext("2d");
  if (context === null || view.width === 0) return;
  const scale = devicePixelRatio || 1;
  canvas.width = Math.round(view.width * scale);
  canvas.height = Math.round(view.height * scale);
  canvas.style.width = `${view.width}px`;
  canvas.style.height = `${view.height}px`;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  const left = labelWidth(view.width);
  const perMs = (view.width - left) / (view.to - view.from);
  const pen: Pen = {
    ...{ context, view, left },
    color: shownColor,
    x: (ms) => left + (ms - view.from) * perMs,
  };
  context.fillStyle = pen.color("ground");
  context.fillRect(0, 0, view.width, view.height);
  context.textBaseline = "middle";
  context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const first = Math.max(0, Math.floor(view.scrollTop / rowHeight));
  const last = Math.min(lanes.length - 1, Math.ceil((view.scrollTop + view.height) / rowHeight));
  for (let row = first; row <= last; row += 1) {
    drawRow(pen, { lane: lanes[row] as Lane, row, texts, y: axisHeight + row * rowHeight - view.scrollTop });
  }
  drawAxis(pen);
}

function drawRow(
  pen: Pen,
  { lane, row, texts, y }: { lane: Lane; row: number; texts: readonly string[]; y: number },
): void {
  const { context, view, left, color } = pen;
  if (lane.depth === 0) {
    context.fillStyle = color("line");
    context.fillRect(0, Math.round(y) - 1, view.width, 1);
  }
  if (view.chosen.lane === row) {
    context.fillStyle = color("chosen");
    context.fillRect(0, y, view.width, rowHeight - 1);
  }
  context.save();
  context.beginPath();
  context.rect(left, y, view.width - left, rowHeight);
  context.clip();
  if (lane.kind === "spans") drawSpans(pen, { lane, texts, y });
  else drawPoints(pen, { lane, y });
  if (view.chosen.lane === row) drawChosen(pen, { lane, span: view.chosen.span, y });
  context.restore();
  context.fillStyle = color(lane.depth === 0 ? "ink" : "faint");
  context.fillText(
    fitted(context, printable(lane.label), left - 14 - lane.depth * 12),
    6 + lane.depth * 12,
    y + rowHeight / 2,
  );
}

function drawSpans(
  { context, view, color, x }: Pen,
  { lane, texts, y }: { lane: Lane; texts: readonly string[]; y: number },
): void {
  const colors = laneTones.map((tone) => color(`tone-${tone}`));
  const ink = color("on-tone");
  let drawnTo = -1;
  let drawnTone = -1;
  for (let span = Math.max(0, lastBefore(lane, view.from)); span < lane.from.length; span += 1) {
    const from = lane.from[span] as number;
    if (from > view.to) break;
    const begin = Math.max(x(view.from) - 1, x(from));
    const end = Math.min(view.width, x(lane.to[span] as number));
    const tone = lane.tone[span] as number;
    if (end < drawnTo + 0.5 && tone === drawnTone) continue;
    const width = Math.max(1, end - begin);
    context.fillStyle = colors[tone] as string;
    context.fillRect(begin, y + 3, width, rowHeight - 7);
    [drawnTo, drawnTone] = [begin + width, tone];
    if (width < 3) continue;
    // A gap, so that two of one colour are two.
    context.fillStyle = color("ground");
    context.fillRect(begin + width - 0.5, y + 3, 0.5, rowHeight - 7);
    if (width < 34) continue;
    context.fillStyle = ink;
    context.fillText(
      fitted(context, printable(texts[lane.text[span] as number] ?? ""), width - 8),
      begin + 4,
      y + rowHeight / 2,
    );
  }
}

/** Higher is longer, by the logarithm: a millisecond and a minute have to be seen at once. */
function drawPoints({ context, view, color, x }: Pen, { lane, y }: { lane: Lane; y: number }): void {
  const colors = laneTones.map((tone) => color(`tone-${tone}`));
  const most = Math.log10(
    1 +
      Math.max(
        1,
        lane.to.reduce((one, other) => Math.max(one, other), 0),
      ),
  );
  let [drawnX, drawnY] = [-1, -1];
  for (let point = Math.max(0, lastBefore(lane, view.from)); point < lane.from.length; point += 1) {
    const at = lane.from[point] as number;
    if (at > view.to) break;
    const px = Math.round(x(at));
    const py = Math.round(y + rowHeight - 4 - (Math.log10(1 + (lane.to[point] as number)) / most) * (rowHeight - 8));
    if (px === drawnX && py === drawnY) continue;
    [drawnX, drawnY] = [px, py];
    context.fillStyle = colors[lane.tone[point] as number] as string;
    context.fillRect(px - 1, py - 1, 3, 3);
  }
}

function drawChosen({ context, color, x }: Pen, { lane, span, y }: { lane: Lane; span: number; y: number }): void {
  const [from, to] = [lane.from[span], lane.to[span]];
  if (from === undefined || to === undefined) return;
  const end = lane.kind === "spans" ? x(to) : x(from);
  context.strokeStyle = color("focus");
  context.lineWidth = 2;
  context.strokeRect(x(from) - 2, y + 2, Math.max(4, end - x(from) + 3), rowHeight - 5);
}

function drawAxis({ context, view, left, color, x }: Pen): void {
  context.fillStyle = color("ground");
  context.fillRect(0, 0, view.width, axisHeight);
  context.fillStyle = color("line");
  context.fillRect(0, axisHeight - 1, view.width, 1);
  context.fillRect(left - 4, 0, 1, view.height);
  const step = tickStep((view.to - view.from) / Math.max(2, Math.floor((view.width - left) / 90)));
  for (let tick = Math.ceil(view.from / step) * step; tick <= view.to; tick += step) {
    context.fillStyle = color("line");
    context.fillRect(Math.round(x(tick)), axisHeight - 6, 1, 6);
    context.fillStyle = color("faint");
    context.fillText(tickWords(tick, step), Math.round(x(tick)) + 3, axisHeight / 2 - 1);
  }
}

/** The smallest round step that is not below: 1, 2 or 5 times a power of ten. */
export function tickStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((times) => times * power >= least) ?? 10) * power;
}

function tickWords(ms: number, step: number): string {
  if (ms === 0) return "0";
  if (step >= 1000) return ms >= 60_000 ? duration(ms) : `${Math.round(ms / 1000)} s`;
  const digits = Math.min(6, Math.max(0, Math.ceil(-Math.log10(step / 1000))));
  return `${(ms / 1000).toFixed(digits)} s`;
}

let colorsOf: string | undefined;
const colors = new Map<string, string>();

/** A colour of the style sheet as it is shown: a canvas understands neither variables nor light-dark(). */
function shownColor(name: string): string {
  const theme = shownTheme();
  if (theme !== colorsOf) colors.clear();
  colorsOf = theme;
  const known = colors.get(name);
  if (known !== undefined) return known;
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(--${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  colors.set(name, color);
  return color;
}

const widths = new Map<string, string>();
const widthsMax = 5_000;

/** As much of a text as there is room for. */
function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  const key = `${Math.floor(room)} ${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  let [low, high] = [0, Math.min(text.length, Math.floor(room / 3))];
  if (high === text.length && context.measureText(text).width <= room) low = text.length;
  else {
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (context.measureText(`${text.slice(0, middle)}…`).width <= room) low = middle;
      else high = middle - 1;
    }
  }
  const fits = low === text.length ? text : low === 0 ? "" : `${text.slice(0, low)}…`;
  if (widths.size > widthsMax) widths.clear();
  widths.set(key, fits);
  return fits;
}
