import { messageOf } from "../../foundation/errors.ts";
import type { Lineage } from "../core/lineage.ts";
import type { Act, RecorderSource } from "../core/recording.ts";
import type { KernelCalls } from "./kernel-calls.ts";
import { monotonicNs } from "./monotonic.ts";
import type { Poller } from "./poller.ts";
import { listProcesses, readDetails } from "./process-details.ts";
import { listenToProcesses, type ProcessRecording } from "./process-recording.ts";
import type { RecorderOptions } from "./recorder-messages.ts";
import { refusedSource } from "./refused-source.ts";

const roomBytesDefault = 128 * 1024 * 1024;

export interface ProcessSourceOptions {
  readonly calls: KernelCalls;
  readonly options: RecorderOptions;
  readonly lineage: Lineage;
  readonly poller: Poller;
}

/** Who comes from whom, as the kernel tells it, and who they are. */
export class ProcessSource {
  private readonly given: ProcessSourceOptions;
  private recording: ProcessRecording | null = null;
  private failure: string | null = null;

  constructor(given: ProcessSourceOptions) {
    this.given = given;
  }

  /** Listens, and then lists those that are there. */
  start(): void {
    const { calls, options, lineage, poller } = this.given;
    const opened = listenToProcesses({
      ...{ calls, lineage },
      roomBytes: options.processRoomBytes ?? roomBytesDefault,
      waitFor: (descriptor, timeoutMs) => poller.waitFor(descriptor, timeoutMs),
    });
    if (typeof opened === "string") {
      this.failure = opened;
    } else {
      this.recording = opened;
      if (options.asleep !== true) poller.add("processes", opened.descriptor);
    }
    listProcesses(lineage, monotonicNs);
  }

  /** @returns how many messages there were */
  takeIn(): number {
    const { recording } = this;
    if (recording === null || this.failure !== null) return 0;
    try {
      const messages = recording.takeIn();
      recording.readBegun();
      return messages;
    } catch (error) {
      this.failure = messageOf(error);
      this.given.poller.remove("processes");
      return 0;
    }
  }

  /** Who runs on can still be asked: those who never ran a program of their own, or whose turn did not come. */
  describeTheRest(): void {
    const { lineage } = this.given;
    for (const { serial, pid } of lineage.undescribed()) {
      const details = readDetails(pid);
      if (details !== null) lineage.describe(serial, details);
    }
  }

  /** Who attached to whom. */
  acts(): readonly Act[] {
    return this.recording?.tracings.acts() ?? [];
  }

  source(): RecorderSource {
    return this.recording?.source(this.failure) ?? refusedSource("processes", this.failure);
  }

  close(): void {
    this.given.poller.remove("processes");
    this.recording?.close();
  }
}
