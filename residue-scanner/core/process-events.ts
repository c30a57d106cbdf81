/**
 * The kernel's process events as bytes: one netlink message a datagram, with a `cn_msg` and a `proc_event` in it
 * (linux/netlink.h, linux/connector.h, linux/cn_proc.h).
 */
const connectorAt = 16;
const eventAt = connectorAt + 20;
const dataAt = eventAt + 16;
/** CN_IDX_PROC and CN_VAL_PROC. */
const connectorId = 1;
const noCpu = 0xffff_ffff;
const bytesMin = dataAt + 12;

const what = { none: 0, fork: 1, exec: 2, trace: 0x100, exit: 0x8000_0000 } as const;

/** In the status of whoever a signal ended: it left a dump of its memory (wait(2)). */
const coreDumped = 0x80;

/** Pids are those of processes (`tgid`) or of threads; both in this PID namespace. Times are ns of CLOCK_MONOTONIC. */
export type ProcessEvent =
  /** The answer to somebody who began or ceased to listen; `question` is the number that was asked with. */
  | { readonly kind: "acknowledged"; readonly question: number; readonly errno: number }
  | {
      readonly kind: "fork";
      readonly parent: number;
      readonly pid: number;
      readonly thread: number;
      readonly atNs: number;
    }
  | { readonly kind: "exec"; readonly pid: number; readonly atNs: number }
  | {
      readonly kind: "exit";
      readonly pid: number;
      readonly thread: number;
      readonly atNs: number;
      readonly dumped: boolean;
    }
  /** That a process was attached to (ptrace(2)), or let go, in whose place `tracer` is 0. */
  | { readonly kind: "trace"; readonly pid: number; readonly tracer: number; readonly atNs: number }
  /** Something about a process that does not matter here: a new uid, a name. */
  | { readonly kind: "other" };

/** One message, with its place in the row of its processor's messages; `cpu` is null where it stands in none. */
export interface ProcessMessage {
  readonly cpu: number | null;
  readonly sequence: number;
  readonly event: ProcessEvent;
}

/** @returns null for bytes that are no message of the process connector */
export function parseProcessMessage(view: DataView, start: number, length: number): ProcessMessage | null {
  if (length < bytesMin || view.getUint32(start + connectorAt, true) !== connectorId) return null;
  if (view.getUint32(start + connectorAt + 4, true) !== connectorId) return null;
  const kind = view.getUint32(start + eventAt, true);
  const event = parseEvent(view, { kind, at: start });
  // Answers are told to all listeners too, and are numbered like events.
  const cpu = view.getUint32(start + eventAt + 4, true);
  return { cpu: cpu === noCpu ? null : cpu, sequence: view.getUint32(start + connectorAt + 8, true), event };
}

function parseEvent(view: DataView, { kind, at }: { kind: number; at: number }): ProcessEvent {
  const word = (index: number): number => view.getInt32(at + dataAt + index * 4, true);
  const atNs = view.getUint32(at + eventAt + 8, true) + view.getUint32(at + eventAt + 12, true) * 2 ** 32;
  switch (kind) {
    case what.none:
      return {
        kind: "acknowledged",
        question: (view.getUint32(at + connectorAt + 12, true) - 1) >>> 0,
        errno: word(0),
      };
    case what.fork:
      return { kind: "fork", parent: word(1), thread: word(2), pid: word(3), atNs };
    case what.exec:
      return { kind: "exec", pid: word(1), atNs };
    case what.trace:
      return { kind: "trace", pid: word(1), tracer: word(3), atNs };
    case what.exit:
      return { kind: "exit", thread: word(0), pid: word(1), atNs, dumped: (word(2) & coreDumped) !== 0 };
    default:
      return { kind: "other" };
  }
}

/** Counts what is missing: each processor numbers its messages without a gap. */
export class SequenceGaps {
  missing = 0;
  private readonly next = new Map<number, number>();

  take(cpu: number, sequence: number): void {
    const expected = this.next.get(cpu);
    // Numbers wrap around at 32 bits.
    if (expected !== undefined) this.missing += (sequence - expected) >>> 0;
    this.next.set(cpu, (sequence + 1) >>> 0);
  }
}
