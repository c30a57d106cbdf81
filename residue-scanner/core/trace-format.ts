/** One field of a kernel event, as its `format` file in tracefs tells. */
export interface TraceField {
  readonly name: string;
  /** Bytes from the event's beginning. */
  readonly offset: number;
  readonly bytes: number;
}

export interface TraceFormat {
  /** What stands in `common_type` of such an event. */
  readonly id: number;
  /** In the order of the file. */
  readonly fields: readonly TraceField[];
}

/** Where things stand in a piece of the ring buffer; the file is `events/header_page`. */
export interface PageLayout {
  readonly time: number;
  readonly commit: number;
  readonly data: number;
  /** Of the piece as a whole. */
  readonly bytes: number;
}

const fieldLine = /^\s*field:(.+?);\s*offset:(\d+);\s*size:(\d+);/;

/** @returns null for a text that is no format */
export function parseFormat(text: string): TraceFormat | null {
  const id = /^ID:\s*(\d+)$/m.exec(text)?.[1];
  return id === undefined ? null : { id: Number(id), fields: fieldsOf(text) };
}

/** @returns null for a text that is no header, or one of a kernel of 32 bits */
export function parsePageLayout(text: string): PageLayout | null {
  const fields = new Map(fieldsOf(text).map((field) => [field.name, field]));
  const [time, commit, data] = ["timestamp", "commit", "data"].map((name) => fields.get(name));
  if (time?.bytes !== 8 || commit?.bytes !== 8 || data === undefined) return null;
  return { time: time.offset, commit: commit.offset, data: data.offset, bytes: data.offset + data.bytes };
}

function fieldsOf(text: string): TraceField[] {
  return text.split("\n").flatMap((line) => {
    const [, declaration, offset, bytes] = fieldLine.exec(line) ?? [];
    // `unsigned long args[6]`, `const char * path`: the name is the last word.
    const name = declaration?.replace(/\[.*\]$/, "").match(/\w+$/)?.[0];
    return name === undefined ? [] : [{ name, offset: Number(offset), bytes: Number(bytes) }];
  });
}

/** @throws Error where the event has no such field */
export function offsetOf(format: TraceFormat, name: string): number {
  const field = format.fields.find((one) => one.name === name);
  if (field === undefined) throw new Error(`The kernel's event ${format.id} has no field ${name}.`);
  return field.offset;
}

/** TRACE_FLAG_HARDIRQ, TRACE_FLAG_SOFTIRQ and TRACE_FLAG_NMI of linux/trace_events.h */
const interruptFlags = 0x08 | 0x10 | 0x40;

/** Whether an event, by its `common_flags`, was not done for the thread that ran. */
export function isInterrupt(flags: number): boolean {
  return (flags & interruptFlags) !== 0;
}
