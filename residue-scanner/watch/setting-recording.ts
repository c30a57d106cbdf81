import { realpathSync } from "node:fs";

import { messageOf } from "../../foundation/errors.ts";
import type { Lineage } from "../core/lineage.ts";
import { type Act, orderCall, type Touch } from "../core/recording.ts";
import { noTouch, touchBit, TouchChains } from "../core/touch-chains.ts";
import type { SettingEvent, SettingEventGroup } from "./setting-event-group.ts";

/** What is not known of these, as words for a source's detail. */
export interface Troubles {
  readonly lost: readonly string[];
  readonly partial: readonly string[];
}

const touchesMax = 200_000;
/** So many processes are known to have given orders. */
const ordersMax = 50_000;

/** Who wrote to what /proc and /sys show: settings of the kernel, of its devices, and of processes. */
export class SettingRecording {
  events = 0;
  failure: string | null = null;
  /** Who wrote to files that can only be written to. */
  readonly orders: Act[] = [];
  private readonly ordering = new Set<number>();
  private droppedOrders = 0;
  private readonly group: SettingEventGroup;
  private readonly lineage: Lineage;
  private readonly chains: TouchChains;
  private readonly heads = new Map<string, number>();
  private sinceNs = 0;

  constructor(group: SettingEventGroup, lineage: Lineage) {
    this.group = group;
    this.lineage = lineage;
    this.chains = new TouchChains({
      touchesMax,
      retain: (serial) => lineage.retain(serial),
      release: (serial) => lineage.releaseSerial(serial),
    });
  }

  /**
   * Takes in what waits, as much as fits at once.
   *
   * @param takeInProcesses called after reading, so that the forks of all those who did it are known
   * @returns 0 where nothing waits; at least 1 otherwise, also where no path leads to what was written to
   */
  takeIn(now: () => { readonly ns: number; readonly ms: number }, takeInProcesses: () => void): number {
    if (this.failure !== null) return 0;
    const { ns: beforeNs } = now();
    try {
      const events = this.group.read();
      if (events === null) {
        // What comes from now on happens from now on.
        this.sinceNs = beforeNs;
        return 0;
      }
      takeInProcesses();
      for (const event of events) this.record(event, now());
      this.events += events.length;
      // Whoever writes next does so later than this.
      const { ns: askedNs } = now();
      if (this.group.isEmpty()) this.sinceNs = Math.max(this.sinceNs, askedNs);
      return Math.max(1, events.length);
    } catch (error) {
      this.failure = messageOf(error);
      this.group.close();
      return 0;
    }
  }

  /** @param path one character a byte */
  touchesOf(path: string): Touch[] {
    const isShown = path.startsWith("/proc/") || path.startsWith("/sys/");
    const head = isShown ? this.heads.get(realPath(path)) : undefined;
    return this.chains.read(head ?? this.heads.get(path) ?? noTouch);
  }

  troubles(): Troubles {
    const { group, chains, failure } = this;
    const lost: string[] = failure === null ? [] : [failure];
    if (group.overflows > 0) lost.push(`the kernel's queue of writing to settings overflowed ${group.overflows} times`);
    if (chains.dropped > 0) lost.push(`${chains.dropped} writings to settings were more than are kept`);
    if (this.droppedOrders > 0) lost.push(`${this.droppedOrders} orders to the kernel were more than are kept`);
    return { lost, partial: [...group.refused].map(([point, error]) => `${point} cannot be watched (${error})`) };
  }

  /** Of each process the first one tells that it gave any. */
  private order(by: number, atMs: number): void {
    if (this.ordering.has(by)) return;
    if (this.orders.length >= ordersMax) {
      this.droppedOrders += 1;
      return;
    }
    this.ordering.add(by);
    this.lineage.retain(by);
    const parameters = { file: "one below /sys that can only be written to" };
    this.orders.push({ by, call: orderCall, parameters, returned: null, atMs });
  }

  private record({ pid, path, mayBeNew }: SettingEvent, now: { readonly ns: number; readonly ms: number }): void {
    const by = this.lineage.actor(pid, { sinceNs: this.sinceNs }, now.ns);
    // Events come in order: what follows this one did not happen before its doer began.
    this.sinceNs = Math.max(this.sinceNs, this.lineage.beganNs(by));
    if (path === null) {
      this.order(by, now.ms);
      return;
    }
    const head = this.chains.touch(
      this.heads.get(path) ?? noTouch,
      { kinds: touchBit.modified | (mayBeNew ? touchBit.created : 0), by, atMs: now.ms },
      false,
    );
    if (head !== noTouch) this.heads.set(path, head);
  }
}

/** Devices are told by links to them, and written to where they are. */
function realPath(path: string): string {
  try {
    return realpathSync(Buffer.from(path, "latin1"), "latin1");
  } catch {
    return path;
  }
}
