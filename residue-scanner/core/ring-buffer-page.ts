import type { PageLayout } from "./trace-format.ts";

/** An event in a piece of the ring buffer. */
export interface PageEvent {
  /** Monotonic time in ns, as far as a number holds it: to 2 ns after 104 days. */
  readonly atNs: number;
  /** Where its fields begin in the piece, and how long they are, with padding to 4 bytes. */
  readonly offset: number;
  readonly bytes: number;
}

export interface PageContent {
  readonly events: readonly PageEvent[];
  /** Events lost before this piece; null for a number that is not told. */
  readonly missed: number | null;
}

/** Flags beside the length (kernel/trace/ring_buffer.c). */
const missedFlag = 0x8000_0000n;
const missedStoredFlag = 0x4000_0000n;
const lengthMask = 0x3fff_ffffn;

/** What stands in place of a length (linux/ring_buffer.h). */
const typePadding = 29;
const typeTimeExtend = 30;
const typeTimeStamp = 31;
const timeShift = 2 ** 27;

/**
 * Takes apart a piece ("sub-buffer") of the kernel's ring buffer as trace_pipe_raw gives it: words of 5 bits of type or
 * length and 27 bits of time since the event before (linux/ring_buffer.h). Low byte first.
 *
 * @throws Error on an event that goes beyond the piece's end: it is none, or the layout is another's
 */
export function readPage(page: Buffer, layout: PageLayout): PageContent {
  const commit = page.readBigUInt64LE(layout.commit);
  const end = layout.data + Number(commit & lengthMask);
  if (end > page.length)
    throw new Error(`A piece of the ring buffer says it is ${end} bytes long, not ${page.length}.`);
  const events: PageEvent[] = [];
  let atNs = Number(page.readBigUInt64LE(layout.time));
  for (let at = layout.data; at + 4 <= end; ) {
    const word = page.readUInt32LE(at);
    const type = word & 31;
    const delta = word >>> 5;
    const next = at + 4 < end ? page.readUInt32LE(at + 4) : 0;
    // Nothing more stands here.
    if (type === typePadding && delta === 0) break;
    if (type === typeTimeStamp) {
      atNs = delta + next * timeShift;
      at += 8;
      continue;
    }
    atNs += type === typeTimeExtend ? delta + next * timeShift : delta;
    if (type === typeTimeExtend) {
      at += 8;
      continue;
    }
    const isLong = type === 0 || type === typePadding;
    const bytes = type === 0 ? next - 4 : type === typePadding ? next : type * 4;
    const offset = at + (type === 0 ? 8 : 4);
    if (bytes < 0 || offset + bytes > end) throw new Error("An event goes beyond its piece of the ring buffer.");
    if (type !== typePadding) events.push({ atNs, offset, bytes });
    at = isLong ? Math.max(offset + bytes, at + 8) : offset + bytes;
  }
  return { events, missed: missedBefore(page, commit, end) };
}

function missedBefore(page: Buffer, commit: bigint, end: number): number | null {
  if ((commit & missedFlag) === 0n) return 0;
  const isTold = (commit & missedStoredFlag) !== 0n && end + 8 <= page.length;
  return isTold ? Number(page.readBigUInt64LE(end)) : null;
}
