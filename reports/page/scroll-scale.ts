/**
 * Firefox lays nothing out beyond 17,895,697 px and Chromium nothing beyond 33,554,431 px, so that a list of a million rows
 * has no end there. One that is longer than this is given this height, and its scrolling is scaled: a jump (the
 * scrollbar's thumb, a key) goes to its share of the whole, while what is less than a screen moves the rows by just as
 * much, as everywhere else.
 */
const contentHeightMax = 8_000_000;

/** What is seen of a list; all in px. */
export interface ListView {
  /** How far down the list its upper edge is. */
  readonly top: number;
  /** How far the element is scrolled for that. */
  readonly scrollTop: number;
  readonly height: number;
}

/** How high all rows together are made. */
export function contentHeight(total: number): number {
  return Math.min(total, contentHeightMax);
}

/** What is seen after the browser scrolled to `scrollTop`, or the element got another height. */
export function scrolledTo(
  before: ListView,
  { scrollTop, height, total }: { readonly scrollTop: number; readonly height: number; readonly total: number },
): ListView {
  const { topMax, scrollMax } = ends(total, height);
  const moved = scrollTop - before.scrollTop;
  const within = (top: number) => ({ top: Math.min(topMax, Math.max(0, top)), scrollTop, height });
  if (total <= contentHeightMax) return within(scrollTop);
  // Nearer to an end than a pixel of a zoomed page is at it.
  if (moved !== 0 && scrollTop < 1) return within(0);
  if (moved !== 0 && scrollTop > scrollMax - 1) return within(topMax);
  return within(Math.abs(moved) < height ? before.top + moved : (scrollTop / scrollMax) * topMax);
}

/** How far the element must be scrolled so that the list's `top` is at its share of the whole. */
export function scrollTopFor(
  top: number,
  { height, total }: { readonly height: number; readonly total: number },
): number {
  const { topMax, scrollMax } = ends(total, height);
  return topMax === 0 ? 0 : (Math.min(topMax, Math.max(0, top)) / topMax) * scrollMax;
}

function ends(total: number, height: number): { readonly topMax: number; readonly scrollMax: number } {
  return { topMax: Math.max(0, total - height), scrollMax: Math.max(0, contentHeight(total) - height) };
}
