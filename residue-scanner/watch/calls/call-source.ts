import { readFileSync } from "node:fs";

import { messageOf, systemCode } from "../../../foundation/errors.ts";
import { CallDecoder, type CallEvent } from "../../core/call-events.ts";
import { CallPairing, type RawAct, type RawBatch } from "../../core/call-pairing.ts";
import { threadFlag } from "../../core/kernel-constants.ts";
import type { RecorderSource } from "../../core/recording.ts";
import { signalEvent, signalFilter } from "../../core/signal-events.ts";
import { type PageLayout, parsePageLayout } from "../../core/trace-format.ts";
import { anyNamespace } from "../../core/traced-calls.ts";
import { AskSource } from "./ask-source.ts";
import type { ServiceSigns } from "./service-threads.ts";
import { isInFirstPidNamespace } from "./first-pid-namespace.ts";
import { enableCalls } from "./enabled-calls.ts";
import type { RareEnds } from "./rare-ends.ts";
import { removeLeftoverInstances } from "./instance-name.ts";
import { TraceInstance } from "./trace-instance.ts";
import { openTracefs, type Tracefs } from "./tracefs.ts";

export interface CallSourceOptions {
  /** Room for events that wait, for each processor, in KiB; the kernel rounds it up to two pages. */
  readonly bufferKilobytes?: number | undefined;
  /** For tests: events of requests that this kernel is taken not to have. */
  readonly withoutEvents?: readonly string[] | undefined;
}

/** Room for some 14,000 calls. */
const bufferKilobytesDefault = 1024;
const birthEvent = "task/task_newtask";
/** So many pieces at once; others want to be read as well. */
const roundsMax = 512;

/**
 * System calls that make or change what is no file, as the kernel's tracing tells them (tracefs). It takes nothing in
 * by itself: whoever owns it waits on `descriptor` and calls `takeIn`, all in one thread.
 */
export class CallSource {
  private readonly tracefs: Tracefs;
  private readonly layout: PageLayout;
  private readonly instance: TraceInstance;
  private readonly decoder: CallDecoder;
  private readonly page: Buffer;
  private readonly pairing = new CallPairing();
  /** Calls that this kernel has, and whose events it does not let us choose. */
  private readonly unseen: string[] = [];
  private unseenAsks: readonly string[] = [];
  private events = 0;
  private lost = 0;
  private messagesLost = 0;
  private failure: string | null = null;
  /** Null where no request at all is seen. */
  private asks: AskSource | null = null;
  /** Null where this kernel does not turn one event on by another. */
  private ends: RareEnds | null = null;
  private isOpen = true;

  private constructor(tracefs: Tracefs, bufferKilobytes: number) {
    const layout = parsePageLayout(readFileSync(`${tracefs.path}/events/header_page`, "latin1"));
    if (layout === null) throw new Error("the kernel's ring buffer has a form that is not known");
    this.tracefs = tracefs;
    this.layout = layout;
    this.decoder = new CallDecoder(layout);
    this.page = Buffer.alloc(layout.bytes);
    this.instance = new TraceInstance(tracefs.path, { bufferKilobytes });
  }

  /**
   * Events come from when this returns. Also removes what killed recorders left.
   *
   * @returns why not, in words: no root, no tracefs, lockdown, a PID namespace of its own
   */
  static async open(options: CallSourceOptions = {}): Promise<CallSource | { readonly refusal: string }> {
    if (!isInFirstPidNamespace())
      return { refusal: "system calls are told with the pids of another PID namespace than this one" };
    const tracefs = await openTracefs();
    if ("refusal" in tracefs) return tracefs;
    let source: CallSource | null = null;
    try {
      removeLeftoverInstances(tracefs.path);
      source = new CallSource(tracefs, options.bufferKilobytes ?? bufferKilobytesDefault);
      source.enableAll();
      source.openAsks(options);
      return source;
    } catch (error) {
      if (source === null) tracefs.close();
      else source.close();
      return { refusal: refusalOf(error) };
    }
  }

  /** Whether all is known that began up to now: nothing was lost, and no call has still to come back. */
  isComplete(): boolean {
    if (this.isOpen) this.countLost();
    return this.lost === 0 && this.failure === null && this.pairing.unfinished === 0;
  }

  /** For poll(2): readable where something waits. */
  get descriptor(): number {
    return this.instance.descriptor;
  }

  /** Takes in what waits; empty once it has failed, which `source` then tells. */
  takeIn(): RawBatch {
    if (this.failure !== null || !this.isOpen) return { acts: [], births: [] };
    const events: CallEvent[] = [];
    try {
      const take = (page: Buffer): void => {
        const decoded = this.decoder.decode(page);
        for (const event of decoded.events) events.push(event);
      };
      for (let round = 0; round < roundsMax && this.instance.readRound(this.page, take); round += 1);
    } catch (error) {
      this.failure = `the events of system calls ended: ${messageOf(error)}`;
    }
    this.events += events.length;
    const serving = events.flatMap((event) => (event.kind === "serves" ? [event.thread] : []));
    const { acts, births } = this.pairing.take(events);
    this.turnEndsOff(events);
    return { acts: [...acts, ...this.takeInAsks({ births, serving })], births };
  }

  private turnEndsOff(events: readonly CallEvent[]): void {
    try {
      this.ends?.afterReading(events);
    } catch (error) {
      this.failure ??= `the ends of system calls could not be turned off: ${messageOf(error)}`;
    }
  }

  private takeInAsks(signs: ServiceSigns): RawAct[] {
    const { asks } = this;
    if (asks === null) return [];
    try {
      // Those that were born meanwhile may have been asked.
      if (asks.follow(signs, Number(process.hrtime.bigint()))) this.watchBirths();
      return asks.takeIn();
    } catch (error) {
      this.failure ??= `the events of requests ended: ${messageOf(error)}`;
      return [];
    }
  }

  /** Takes in the last of it, and removes every trace. */
  stop(): RawBatch {
    if (!this.isOpen) return { acts: [], births: [] };
    this.endWatch();
    // Early ends wait for the round after the one in which they came.
    const batches = [this.takeIn(), this.takeIn()];
    const rest = [...this.pairing.finish(), ...(this.asks?.finish() ?? [])];
    this.close();
    return {
      acts: [...batches.flatMap(({ acts }) => acts), ...rest],
      births: batches.flatMap(({ births }) => births),
    };
  }

  /** Removes every trace, whatever has not been taken in. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const isGone = [this.asks?.close() ?? true, this.instance.close()].every(Boolean);
    this.tracefs.close();
    if (!isGone) this.failure ??= "the tracing instance could not be removed: somebody else reads it";
  }

  /** How it went so far. */
  source(): RecorderSource {
    if (this.isOpen) this.countLost();
    const lost = this.lost === 0 ? [] : [`${this.lost} events of system calls were lost: their buffer was full`];
    if (this.failure !== null) lost.push(this.failure);
    const partial = [...this.unseen.map((call) => `${call} cannot be watched`), ...this.unseenAsks];
    if (this.messagesLost > 0)
      partial.push(`${this.messagesLost} messages to services were not seen: what those did may be the run's`);
    const status = lost.length > 0 ? "lost" : partial.length > 0 ? "partial" : "done";
    return { source: "calls", status, detail: [...lost, ...partial].join("; "), events: this.events };
  }

  private enableAll(): void {
    const birth = this.instance.format(birthEvent);
    if (birth === null) this.unseen.push("the birth of threads");
    else {
      this.decoder.learnBirth(birth);
      this.watchBirths();
    }
    const signal = this.instance.format(signalEvent);
    if (signal === null) this.unseen.push("the sending of signals");
    else {
      this.decoder.learnSignal(signal);
      this.instance.enable(signalEvent, signalFilter);
    }
    const { instance, decoder, pairing } = this;
    const { ends, unseen } = enableCalls({ instance, decoder, pairing });
    this.ends = ends;
    this.unseen.push(...unseen);
  }

  /** What comes from a service may serve as well. */
  private watchBirths(): void {
    const byServices = this.asks?.byServices("common_pid") ?? null;
    const other = `clone_flags & ${threadFlag | anyNamespace}`;
    this.instance.enable(birthEvent, byServices === null ? other : `${other} || ${byServices}`);
  }

  private openAsks({ withoutEvents }: CallSourceOptions): void {
    const asks = AskSource.open({ tracefs: this.tracefs.path, layout: this.layout, withoutEvents });
    if ("refusal" in asks) {
      this.unseenAsks = [asks.refusal];
    } else {
      this.asks = asks;
      this.unseenAsks = asks.unseen;
      this.watchBirths();
    }
  }

  private endWatch(): void {
    try {
      this.failure ??= this.instance.disturbance() ?? this.asks?.disturbance() ?? null;
      this.ends?.halt();
      this.instance.halt();
      this.countLost();
    } catch (error) {
      this.failure ??= `the tracing instance is gone: ${messageOf(error)}`;
    }
  }

  private countLost(): void {
    try {
      this.lost = this.instance.lost();
      this.messagesLost = this.asks?.lost() ?? 0;
    } catch (error) {
      this.failure ??= `the tracing instance is gone: ${messageOf(error)}`;
    }
  }
}

function refusalOf(error: unknown): string {
  const code = systemCode(error);
  if (code === "EPERM" || code === "EACCES" || code === "EROFS")
    return `the kernel does not let this user see system calls (tracefs: ${code})`;
  return `tracefs does not serve: ${messageOf(error)}`;
}
