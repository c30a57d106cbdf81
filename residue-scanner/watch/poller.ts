import { systemClock } from "../../foundation/clock.ts";
import type { KernelCalls } from "./kernel-calls.ts";

/** struct pollfd of poll(2). */
const entryBytes = 8;
const readable = 0x1;
const nonBlocking = 0o4000;
const closeOnExec = 0o2000000;

/** A thread that waits in the kernel cannot be asked to end: it looks around at least so often. */
const waitMsMax = 1_000;
/** After more events at once than these, the next ones are left to gather: a read of many costs less for each. */
const fileEventsGather = 8;
const messagesGather = 64;
const actsGather = 8;
const gatherMs = 20;

/** In the order in which they may be left out. */
const places = ["wake", "mounts", "mount events", "network", "calls", "processes", "files", "settings"] as const;
type Place = (typeof places)[number];

/** poll(2) on the recorder's sources, and on an eventfd(2) that says that somebody asks. */
export class Poller {
  readonly wakeDescriptor: number;
  private readonly calls: KernelCalls;
  private readonly entries = new DataView(new ArrayBuffer(entryBytes * (places.length + 1)));
  private readonly entriesAt: number;
  private readonly counter = new DataView(new ArrayBuffer(8));
  private readonly counterAt: number;
  private resting: { untilMs: number; places: number } = { untilMs: 0, places: places.length };
  private watched: number = places.length;

  constructor(calls: KernelCalls) {
    this.calls = calls;
    this.entriesAt = calls.addressOf(this.entries);
    this.counterAt = calls.addressOf(this.counter);
    this.wakeDescriptor = calls.eventfd(0, nonBlocking | closeOnExec);
    for (const place of places) this.remove(place);
    this.set(0, { descriptor: this.wakeDescriptor, events: readable });
  }

  /** @param events POLLIN for what can be read; a changed mount table shows as an error without it */
  add(place: Exclude<Place, "wake">, descriptor: number): void {
    this.set(places.indexOf(place), { descriptor, events: place === "mounts" ? 0 : readable });
  }

  /** poll(2) passes over negative descriptors. */
  remove(place: Place): void {
    this.set(places.indexOf(place), { descriptor: -1, events: 0 });
  }

  /** Until something happens; while events are left to gather, until something else does, or they have gathered. */
  wait(): void {
    const restMs = this.resting.untilMs - systemClock.monotonicMs();
    this.watched = restMs > 0 ? this.resting.places : places.length;
    const count = this.calls.poll(this.entriesAt, this.watched, restMs > 0 ? Math.ceil(restMs) : waitMsMax);
    // Cut off by a signal, or nothing happened: what an earlier call said does not count.
    if (count <= 0) this.watched = 0;
    if (this.happened("wake")) this.calls.read(this.wakeDescriptor, this.counterAt, this.counter.byteLength);
  }

  /** Whether the last `wait` saw something there. */
  happened(place: Place): boolean {
    const index = places.indexOf(place);
    return index < this.watched && this.entries.getInt16(index * entryBytes + 6, true) !== 0;
  }

  /** Lets the next events gather if these were many. */
  rest(taken: { readonly fileEvents: number; readonly messages: number; readonly acts: number }): void {
    const first =
      taken.acts > actsGather
        ? "calls"
        : taken.messages > messagesGather
          ? "processes"
          : taken.fileEvents > fileEventsGather
            ? "files"
            : null;
    if (first === null) return;
    this.resting = { untilMs: systemClock.monotonicMs() + gatherMs, places: places.indexOf(first) };
  }

  /** Whether there is something now, which counts as seen. */
  isReady(place: Place): boolean {
    const [entry, index] = [places.indexOf(place) * entryBytes, places.length];
    const [descriptor, events] = [this.entries.getInt32(entry, true), this.entries.getInt16(entry + 4, true)];
    this.set(index, { descriptor, events });
    return this.calls.poll(this.entriesAt + index * entryBytes, 1, 0) > 0;
  }

  /** Until there is something to read from one descriptor. */
  waitFor(descriptor: number, timeoutMs: number): void {
    this.set(places.length, { descriptor, events: readable });
    this.calls.poll(this.entriesAt + places.length * entryBytes, 1, Math.max(0, Math.ceil(timeoutMs)));
  }

  private set(index: number, { descriptor, events }: { descriptor: number; events: number }): void {
    this.entries.setInt32(index * entryBytes, descriptor, true);
    this.entries.setInt16(index * entryBytes + 4, events, true);
    this.entries.setInt16(index * entryBytes + 6, 0, true);
  }
}
