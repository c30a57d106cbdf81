import { type PageEvent, readPage } from "./ring-buffer-page.ts";
import { signalCall, signalWord } from "./signal-events.ts";
import { isInterrupt, offsetOf, type PageLayout, type TraceFormat } from "./trace-format.ts";
import type { TracedCall, TracedParameter } from "./traced-calls.ts";

/** What a thread was seen to do. Threads by their id in the first PID namespace; times monotonic, in ns. */
export type CallEvent =
  | ({ readonly kind: "enter"; readonly thread: number; readonly atNs: number; readonly call: string } & {
      readonly parameters: Readonly<Record<string, string>>;
      /** Whether its end will come. */
      readonly isEndTraced: boolean;
    })
  | ({ readonly kind: "exit"; readonly thread: number; readonly atNs: number; readonly call: string } & {
      readonly returned: number;
    })
  /** `thread` made another thread or process; `flags` are those of clone(2). */
  | ({ readonly kind: "birth"; readonly thread: number; readonly atNs: number; readonly made: number } & {
      readonly flags: number;
    })
  /** It did something that is no call by itself; `parameters.target` is a thread to which it was done. */
  | ({ readonly kind: "deed"; readonly thread: number; readonly atNs: number; readonly call: string } & {
      readonly parameters: Readonly<Record<string, string>>;
    })
  /** It gave a socket a name, or waits at one for whoever connects. */
  | { readonly kind: "serves"; readonly thread: number; readonly atNs: number };

type Decode = (page: Buffer, event: PageEvent, thread: number) => CallEvent | null;

/** Turns pieces of the ring buffer into events, by the formats that the kernel tells. */
export class CallDecoder {
  private readonly layout: PageLayout;
  private readonly decoders = new Map<number, Decode>();
  private typeAt = 0;
  private threadAt = 4;

  constructor(layout: PageLayout) {
    this.layout = layout;
  }

  /**
   * @param format of the event at the call's beginning
   * @param options.areEndsTurnedOn whether the end comes of those calls that turn it on
   */
  learnEnter(call: TracedCall, format: TraceFormat, { areEndsTurnedOn = false } = {}): void {
    this.learnCommon(format);
    const offsets = argumentsOf(format).map(({ offset }) => offset);
    const ending = areEndsTurnedOn ? Object.keys(call.endedBy ?? {}) : [];
    this.decoders.set(format.id, (page, { atNs, offset }, thread) => {
      const parameters = parametersOf(call, (position) => argumentAt(page, offset, offsets[position]));
      const isEndTraced = call.isEndTraced || ending.some((word) => Object.values(parameters).includes(word));
      return { kind: "enter", thread, atNs, call: call.call, parameters, isEndTraced };
    });
  }

  learnExit(call: TracedCall, format: TraceFormat): void {
    const returned = offsetOf(format, "ret");
    this.decoders.set(format.id, (page, { atNs, offset }, thread) => ({
      kind: "exit",
      thread,
      atNs,
      call: call.call,
      returned: Number(page.readBigInt64LE(offset + returned)),
    }));
  }

  /** @param format of `task_newtask` */
  learnBirth(format: TraceFormat): void {
    const pid = offsetOf(format, "pid");
    const flags = offsetOf(format, "clone_flags");
    this.learnCommon(format);
    this.decoders.set(format.id, (page, { atNs, offset }, thread) => ({
      kind: "birth",
      thread,
      atNs,
      made: page.readInt32LE(offset + pid),
      flags: page.readInt32LE(offset + flags),
    }));
  }

  /** @param format of the event at the beginning of bind(2) or listen(2) */
  learnServing(format: TraceFormat): void {
    this.learnCommon(format);
    this.decoders.set(format.id, (_, { atNs }, thread) => ({ kind: "serves", thread, atNs }));
  }

  /** @param format of `signal_generate` */
  learnSignal(format: TraceFormat): void {
    this.learnCommon(format);
    const [flagsAt, signalAt, targetAt] = ["common_flags", "sig", "pid"].map((name) => offsetOf(format, name));
    const at = (offset: number | undefined): number => offset ?? 0;
    this.decoders.set(format.id, (page, { atNs, offset }, thread) => {
      // A timer's comes while anybody runs.
      if (isInterrupt(page[offset + at(flagsAt)] ?? 0)) return null;
      const signal = signalWord(page.readInt32LE(offset + at(signalAt)));
      const target = String(page.readInt32LE(offset + at(targetAt)));
      return signal === null ? null : { kind: "deed", thread, atNs, call: signalCall, parameters: { target, signal } };
    });
  }

  /** @returns events in the order of the piece, and how many were lost before it; null for a number not told */
  decode(page: Buffer): { events: CallEvent[]; missed: number | null } {
    const { events, missed } = readPage(page, this.layout);
    return {
      events: events.flatMap((event) => {
        const decode = this.decoders.get(page.readUInt16LE(event.offset + this.typeAt));
        const decoded = decode?.(page, event, page.readInt32LE(event.offset + this.threadAt)) ?? null;
        return decoded === null ? [] : [decoded];
      }),
      missed,
    };
  }

  private learnCommon(format: TraceFormat): void {
    this.typeAt = offsetOf(format, "common_type");
    this.threadAt = offsetOf(format, "common_pid");
  }
}

/** The arguments among the fields of an event at a call's beginning. */
export function argumentsOf(format: TraceFormat): TraceFormat["fields"] {
  return format.fields.filter(({ name, bytes }) => bytes === 8 && !name.startsWith("common_"));
}

function argumentAt(page: Buffer, event: number, offset: number | undefined): bigint | null {
  return offset === undefined ? null : page.readBigUInt64LE(event + offset);
}

function parametersOf(call: TracedCall, valueAt: (position: number) => bigint | null): Record<string, string> {
  const told: Record<string, string> = {};
  for (const [position, parameter] of call.parameters.entries()) {
    if (parameter === null) continue;
    const value = valueAt(position);
    if (value !== null) told[parameter.name] = textOf(parameter, value, told);
  }
  return told;
}

function textOf(parameter: TracedParameter, value: bigint, told: Readonly<Record<string, string>>): string {
  const { form, words = {}, wordsOfFamily } = parameter;
  if (form === "flags") return `0x${value.toString(16)}`;
  const small = Number(BigInt.asIntN(32, value));
  if (wordsOfFamily === undefined || told["family"] === wordsOfFamily) {
    for (const [word, number] of Object.entries(words)) if ((number | 0) === small) return word;
  }
  return String(small);
}
