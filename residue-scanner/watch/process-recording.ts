import { getSystemErrorName } from "node:util";

import { systemClock } from "../../foundation/clock.ts";
import type { Lineage } from "../core/lineage.ts";
import { parseProcessMessage, SequenceGaps } from "../core/process-events.ts";
import type { RecorderSource } from "../core/recording.ts";
import { Tracings } from "../core/tracings.ts";
import type { KernelCalls } from "./kernel-calls.ts";
import { readDetails } from "./process-details.ts";
import { ProcessEventSocket } from "./process-event-socket.ts";

/** What ran first of many waiting has ended long ago: of so many only, the last ones, details are read. */
const detailsAtOnceMax = 64;
/** The kernel answers at once, or never. */
const answerMsMax = 2_000;

/** Turns the kernel's process events into lineage, and reads what it can of those that have just begun something. */
export class ProcessRecording {
  events = 0;
  /** Null before the kernel has answered whether it tells at all. */
  answer: number | null = null;
  /** Who attached to whom. */
  readonly tracings: Tracings;
  private readonly socket: ProcessEventSocket;
  private readonly lineage: Lineage;
  private readonly gaps = new SequenceGaps();
  private begun: { serial: number; pid: number }[] = [];

  constructor(socket: ProcessEventSocket, lineage: Lineage) {
    this.socket = socket;
    this.lineage = lineage;
    this.tracings = new Tracings(lineage);
  }

  get descriptor(): number {
    return this.socket.descriptor;
  }

  close(): void {
    this.socket.close();
  }

  /** @returns how many messages there were */
  takeIn(): number {
    return this.socket.drain((start, length) => this.take(start, length));
  }

  /** Reads of those that have just run something what they run. */
  readBegun(): void {
    for (const { serial, pid } of this.begun) {
      const details = readDetails(pid);
      if (details !== null) this.lineage.describe(serial, details);
    }
    this.begun = [];
  }

  source(failure: string | null): RecorderSource {
    const { lineage, gaps, socket } = this;
    const lost: string[] = [];
    if (failure !== null) lost.push(failure);
    if (socket.overruns > 0) lost.push(`the kernel had no room for process events ${socket.overruns} times`);
    if (gaps.missing > 0) lost.push(`${gaps.missing} process events are missing from their rows`);
    if (this.tracings.dropped > 0) lost.push(`${this.tracings.dropped} tracers were more than are kept`);
    if (lineage.dropped > 0) lost.push(`${lineage.dropped} processes were more than are kept`);
    if (lineage.ambiguous > 0) lost.push(`${lineage.ambiguous} times one of two holders of a pid was meant`);
    if (lineage.unannounced > 0) {
      const example = `one of them pid ${lineage.unannouncedPid}`;
      lost.push(`the beginning of ${lineage.unannounced} processes was not seen, ${example}`);
    }
    const isHidden = !Number.isFinite(lineage.listedNs);
    const partial = isHidden ? ["/proc hides the processes of other users that ran before"] : [];
    return {
      source: "processes",
      status: lost.length > 0 ? "lost" : isHidden ? "partial" : "done",
      detail: [...lost, ...partial].join("; "),
      events: this.events,
    };
  }

  private take(start: number, length: number): void {
    const message = parseProcessMessage(this.socket.view, start, length);
    if (message === null) return;
    if (message.cpu !== null) this.gaps.take(message.cpu, message.sequence);
    const { event } = message;
    if (event.kind !== "acknowledged") this.events += 1;
    else if (event.question === this.socket.question) this.answer ??= event.errno;
    if (event.kind === "fork") this.lineage.fork(event);
    else if (event.kind === "exit") this.lineage.exit(event);
    else if (event.kind === "trace") this.tracings.note(event);
    else if (event.kind === "exec") {
      this.begun.push({ serial: this.lineage.exec(event.pid, event.atNs), pid: event.pid });
      if (this.begun.length > detailsAtOnceMax) this.begun.shift();
    }
  }
}

/**
 * Begins to listen, and waits until the kernel has said whether it tells.
 *
 * @param options.waitFor waits until a descriptor can be read, for so many ms at the most
 * @returns why not, in words, where it does not
 */
export function listenToProcesses(options: {
  readonly calls: KernelCalls;
  readonly lineage: Lineage;
  readonly roomBytes: number;
  readonly waitFor: (descriptor: number, timeoutMs: number) => void;
}): ProcessRecording | string {
  const socket = ProcessEventSocket.open(options.calls, { roomBytes: options.roomBytes });
  if (!(socket instanceof ProcessEventSocket)) return refusal(socket.errno);
  const recording = new ProcessRecording(socket, options.lineage);
  const deadlineMs = systemClock.monotonicMs() + answerMsMax;
  for (let leftMs = answerMsMax; recording.answer === null && leftMs > 0; ) {
    options.waitFor(socket.descriptor, leftMs);
    recording.takeIn();
    leftMs = deadlineMs - systemClock.monotonicMs();
  }
  const { answer } = recording;
  if (answer === 0) return recording;
  recording.close();
  return answer === null ? "the kernel does not tell of processes in this user or PID namespace" : refusal(answer);
}

function refusal(errno: number): string {
  return `the kernel does not tell this user of processes (${getSystemErrorName(-errno)})`;
}
