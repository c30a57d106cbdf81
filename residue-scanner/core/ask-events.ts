import type { RawAct } from "./call-pairing.ts";
import { readPage } from "./ring-buffer-page.ts";
import type { PageLayout, TraceFormat } from "./trace-format.ts";

/**
 * Calls that are none: that a thread sent something through a unix(7) socket that woke a thread of a service, `woken`,
 * that it began a TCP connection to a `port`, and that a service took away a file that it had made.
 */
export const askCalls = { message: "unix message", connection: "tcp connection", taking: "file taken" } as const;

/** AF_INET */
const internet = 2;
/** TRACE_FLAG_HARDIRQ, TRACE_FLAG_SOFTIRQ and TRACE_FLAG_NMI of linux/trace_events.h: not done for the thread that runs. */
const interruptFlags = 0x08 | 0x10 | 0x40;
/** Whoever waits for a socket is woken at once, still in the call that sends (`sock_def_readable`). */
const wakeNsMax = 100_000;
/** Who asks again and again is noted so often. */
const againNs = 100e6;

/** What whoever watches is told of the run's sockets, as the kernel's events `sk_data_ready`, `sched_waking` and `inet_sock_set_state`. */
export interface AskFormats {
  readonly ready: TraceFormat;
  readonly waking: TraceFormat;
  readonly state: TraceFormat;
}

/** Turns pieces of the ring buffer into who asked whom for something. */
export class AskDecoder {
  private readonly layout: PageLayout;
  private readonly formats: AskFormats;
  private readonly typeAt: number;
  private readonly flagsAt: number;
  private readonly threadAt: number;
  private readonly wokenAt: number;
  private readonly portAt: number;
  private readonly familyAt: number;
  private readonly addressAt: number;
  /** By thread, when it last sent something. */
  private readonly sent = new Map<number, number>();
  /** By asker and asked, when that was noted. */
  private readonly noted = new Map<string, number>();

  constructor(layout: PageLayout, formats: AskFormats) {
    this.layout = layout;
    this.formats = formats;
    this.typeAt = offsetOf(formats.ready, "common_type");
    this.flagsAt = offsetOf(formats.ready, "common_flags");
    this.threadAt = offsetOf(formats.ready, "common_pid");
    this.wokenAt = offsetOf(formats.waking, "pid");
    this.portAt = offsetOf(formats.state, "dport");
    this.familyAt = offsetOf(formats.state, "family");
    this.addressAt = offsetOf(formats.state, "daddr");
  }

  decode(page: Buffer): RawAct[] {
    const acts: RawAct[] = [];
    const { ready, waking, state } = this.formats;
    for (const { atNs, offset } of readPage(page, this.layout).events) {
      const type = page.readUInt16LE(offset + this.typeAt);
      const thread = page.readInt32LE(offset + this.threadAt);
      if (((page[offset + this.flagsAt] ?? 0) & interruptFlags) !== 0) continue;
      if (type === ready.id) this.sent.set(thread, atNs);
      else if (type === waking.id) {
        const woken = page.readInt32LE(offset + this.wokenAt);
        const sentNs = this.sent.get(thread);
        if (sentNs === undefined || atNs - sentNs > wakeNsMax || woken === thread) continue;
        acts.push(...this.note({ thread, call: askCalls.message, parameters: { woken: String(woken) }, atNs }));
      } else if (type === state.id) {
        const parameters = {
          port: String(page.readUInt16LE(offset + this.portAt)),
          // Of version 6, only the port.
          ...(page.readUInt16LE(offset + this.familyAt) === internet && { address: this.addressIn(page, offset) }),
        };
        acts.push(...this.note({ thread, call: askCalls.connection, parameters, atNs }));
      }
    }
    return acts;
  }

  private addressIn(page: Buffer, offset: number): string {
    return [...page.subarray(offset + this.addressAt, offset + this.addressAt + 4)].join(".");
  }

  private note(act: Omit<RawAct, "returned">): RawAct[] {
    const key = `${act.thread} ${act.call} ${JSON.stringify(act.parameters)}`;
    const notedNs = this.noted.get(key);
    if (notedNs !== undefined && act.atNs - notedNs < againNs) return [];
    this.noted.set(key, act.atNs);
    return [{ ...act, returned: null }];
  }

  /** Of threads that have ended nobody asks: their numbers are others' later. */
  forgetBefore(atNs: number): void {
    for (const [thread, sentNs] of this.sent) if (sentNs < atNs) this.sent.delete(thread);
    for (const [key, notedNs] of this.noted) if (notedNs < atNs) this.noted.delete(key);
  }
}

/** The kernel's filter for events about one of these threads, in ranges where there are too many for its room. */
export function threadFilter(field: string, threads: readonly number[], charactersMax: number): string {
  let ranges = [...new Set(threads)]
    .sort((one, other) => one - other)
    .map((thread) => [thread, thread] as [number, number]);
  for (;;) {
    const text = ranges
      .map(([from, to]) => (from === to ? `${field} == ${from}` : `(${field} >= ${from} && ${field} <= ${to})`))
      .join(" || ");
    if (text.length <= charactersMax || ranges.length < 2) return text;
    ranges = joined(ranges);
  }
}

/** Every second one with the one before it. */
function joined(ranges: readonly [number, number][]): [number, number][] {
  const fewer: [number, number][] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    const [from, to] = ranges[at] as [number, number];
    fewer.push([from, ranges[at + 1]?.[1] ?? to]);
  }
  return fewer;
}

function offsetOf(format: TraceFormat, name: string): number {
  const field = format.fields.find((one) => one.name === name);
  if (field === undefined) throw new Error(`The kernel's event ${format.id} has no field ${name}.`);
  return field.offset;
}
