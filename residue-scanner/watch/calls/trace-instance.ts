import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeFileSync,
} from "node:fs";

import { systemCode } from "../../../foundation/errors.ts";
import { parseFormat, type TraceFormat } from "../../core/trace-format.ts";
import { nextInstanceName, removeInstance } from "./instance-name.ts";

const nonBlocking = constants.O_RDONLY | constants.O_NONBLOCK;

/** A tracing instance of our own: events, filters and ring buffers that nobody else's tracing knows of. */
export class TraceInstance {
  readonly directory: string;
  /** To be waited on with poll(2): readable where a processor's buffer has something. */
  readonly descriptor: number;
  private readonly buffers: number[] = [];
  private readonly enabled = new Set<string>();
  private isOfDescendants = false;
  /** The kernel stops tracing and gives the buffers' memory back when nobody holds this open any more. */
  private readonly deathNote: number;

  /**
   * @param tracefs directory
   * @throws what the kernel says, of a user who may not, or under lockdown; nothing is left then
   */
  constructor(tracefs: string, { bufferKilobytes }: { readonly bufferKilobytes: number }) {
    const name = nextInstanceName();
    this.directory = `${tracefs}/instances/${name}`;
    mkdirSync(this.directory, { mode: 0o700 });
    const opened: number[] = [];
    const open = (file: string, flags: number): number => {
      opened.push(openSync(`${this.directory}/${file}`, flags));
      return opened.at(-1) as number;
    };
    try {
      // Times that compare with those of process events.
      this.write("trace_clock", "mono");
      this.write("buffer_size_kb", String(bufferKilobytes));
      this.write("options/disable_on_free", "1");
      this.deathNote = open("free_buffer", constants.O_WRONLY);
      this.descriptor = open("trace_pipe", nonBlocking);
      for (const cpu of this.processors()) this.buffers.push(open(`per_cpu/${cpu}/trace_pipe_raw`, nonBlocking));
    } catch (error) {
      for (const descriptor of opened) closeSync(descriptor);
      removeInstance(this.directory);
      throw error;
    }
  }

  /** @returns null for an event that this kernel does not have */
  format(event: string): TraceFormat | null {
    const file = `${this.directory}/events/${event}/format`;
    return existsSync(file) ? parseFormat(readFileSync(file, "latin1")) : null;
  }

  /** @throws where the kernel does not take the filter */
  enable(event: string, filter: string | null): void {
    if (filter !== null) this.write(`events/${event}/filter`, filter);
    this.write(`events/${event}/enable`, "1");
    this.enabled.add(event);
  }

  /**
   * Turns an event on by another one until `turnOff`, but does not begin with it.
   *
   * @param filter which of the other ones do
   * @throws where the kernel cannot
   */
  enableBy(event: string, by: string, filter: string): void {
    const named = event.replace("/", ":");
    // Whatever is written to the instance turns it off again: that takes microseconds, and `enable` many milliseconds.
    this.write("events/ftrace/print/trigger", `disable_event:${named}`);
    this.write(`events/${by}/trigger`, `enable_event:${named} if ${filter}`);
  }

  /** Until one of those comes again that turn it on. */
  turnOff(): void {
    this.write("trace_marker", ".");
  }

  disable(event: string): void {
    this.write(`events/${event}/enable`, "0");
    this.enabled.delete(event);
  }

  /** Of the threads that are told here, those of this process and of whoever comes from it from now on, and no others. */
  watchDescendants(): void {
    this.write("set_event_pid", String(process.pid));
    this.write("options/event-fork", "1");
    this.isOfDescendants = true;
  }

  /** @returns what others changed of it, in words, so that not everything was told; null where nobody did */
  disturbance(): string | null {
    if (this.read("tracing_on").trim() !== "1") return "somebody turned the tracing off";
    const on = new Set(this.read("set_event").split("\n"));
    const off = [...this.enabled].filter((event) => !on.has(event.replace("/", ":")));
    if (off.length > 0) return `somebody turned ${off.length} of ${this.enabled.size} traced events off`;
    const isOfOthers = this.isOfDescendants && !this.read("set_event_pid").split("\n").includes(String(process.pid));
    return isOfOthers ? "somebody changed whose events are traced" : null;
  }

  /**
   * Reads a piece from each processor that has one.
   *
   * @param page room for a piece
   * @param take told of each; `page` is filled anew afterwards
   * @returns whether there was any
   */
  readRound(page: Buffer, take: (page: Buffer) => void): boolean {
    let any = false;
    for (const buffer of this.buffers) {
      if (!readPiece(buffer, page)) continue;
      any = true;
      take(page);
    }
    return any;
  }

  /** Nothing is taken in any more; what is in the buffers can still be read. */
  halt(): void {
    this.write("tracing_on", "0");
  }

  /** Events that were overwritten before they were read, or found no room. */
  lost(): number {
    let lost = 0;
    for (const cpu of this.processors()) {
      const text = this.read(`per_cpu/${cpu}/stats`);
      // `overrun`, `commit overrun`, `dropped events`: kernel/trace/trace.c, tracing_stats_read.
      for (const [, count] of text.matchAll(/^(?:commit )?(?:overrun|dropped events): (\d+)$/gm)) lost += Number(count);
    }
    return lost;
  }

  /** @returns whether it is gone; if not, somebody else holds one of its files open */
  close(): boolean {
    for (const descriptor of [this.descriptor, this.deathNote, ...this.buffers]) closeSync(descriptor);
    return removeInstance(this.directory);
  }

  private processors(): string[] {
    return readdirSync(`${this.directory}/per_cpu`);
  }

  private read(file: string): string {
    return readFileSync(`${this.directory}/${file}`, "latin1");
  }

  private write(file: string, text: string): void {
    writeFileSync(`${this.directory}/${file}`, text);
  }
}

function readPiece(buffer: number, page: Buffer): boolean {
  try {
    return readSync(buffer, page, 0, page.length, null) > 0;
  } catch (error) {
    const code = systemCode(error);
    if (code === "EAGAIN" || code === "EINTR") return false;
    throw error;
  }
}
