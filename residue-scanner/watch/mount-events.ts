import { closeSync, openSync } from "node:fs";

import type { Lineage } from "../core/lineage.ts";
import type { Act } from "../core/recording.ts";
import type { KernelCalls } from "./kernel-calls.ts";
import { MountPoints } from "./mount-points.ts";

/** fanotify_init(2): close on exec, without blocking, FAN_UNLIMITED_QUEUE, FAN_REPORT_MNT of Linux 6.14. */
const groupFlags = 0x1 | 0x2 | 0x10 | 0x4000;
/** fanotify_mark(2): FAN_MARK_ADD and FAN_MARK_MNTNS, FAN_MNT_ATTACH and FAN_MNT_DETACH. */
const markNamespace = 0x1 | 0x110;
const attached = 0x100_0000;
const detached = 0x200_0000;
const overflow = 0x4000;
/** struct fanotify_event_metadata, and struct fanotify_event_info_mnt behind it. */
const metadataBytes = 24;
const maskAt = 8;
const pidAt = 20;
const recordTypeOfMount = 7;
const mountAt = metadataBytes + 8;
const readBytes = 64 * 1024;
/** What waits at the beginning fits; what comes in the meantime is for the next time. */
const readsMax = 64;
const errnoInterrupted = 4;
const errnoAgain = 11;
const actsMax = 100_000;

/** Who attached and detached which mount of this mount namespace, exactly; an older kernel does not tell. */
export class MountEvents {
  readonly descriptor: number;
  isClosed = false;
  private readonly seen: Act[] = [];
  /** Some are missing: the others could be taken for all of them. */
  private isIncomplete = false;
  private readonly calls: KernelCalls;
  private readonly lineage: Lineage;
  private readonly points: MountPoints;
  private readonly buffer = new DataView(new ArrayBuffer(readBytes));
  private sinceNs = 0;

  private constructor(calls: KernelCalls, lineage: Lineage, descriptor: number) {
    this.calls = calls;
    this.lineage = lineage;
    this.descriptor = descriptor;
    this.points = new MountPoints(calls);
  }

  /** @returns null where the kernel has no such events, or keeps them from this user */
  static open(calls: KernelCalls, lineage: Lineage): MountEvents | null {
    const descriptor = calls.fanotifyInit(groupFlags, 0);
    if (descriptor < 0) return null;
    const namespace = openSync("/proc/self/ns/mnt", "r");
    const marked = calls.fanotifyMark(descriptor, markNamespace, attached | detached, namespace, 0);
    closeSync(namespace);
    if (marked === 0) return new MountEvents(calls, lineage, descriptor);
    calls.close(descriptor);
    return null;
  }

  /** None where some are missing. */
  get acts(): readonly Act[] {
    return this.isIncomplete ? [] : this.seen;
  }

  /**
   * @param takeInProcesses called after reading, so that the forks of all those who did it are known
   * @returns how many events there were
   */
  takeIn(now: () => { readonly ns: number; readonly ms: number }, takeInProcesses: () => void): number {
    let taken = 0;
    for (let reads = 0; reads < readsMax; reads += 1) {
      const { ns: beforeNs } = now();
      const bytes = this.calls.read(this.descriptor, this.calls.addressOf(this.buffer), readBytes);
      if (bytes <= 0) {
        const errno = bytes === 0 ? errnoAgain : this.calls.errno();
        if (errno === errnoInterrupted) continue;
        if (errno === errnoAgain) this.sinceNs = beforeNs;
        else this.fail();
        return taken;
      }
      takeInProcesses();
      for (let at = 0; at + metadataBytes <= bytes; at += this.buffer.getUint32(at, true)) {
        this.record(at, now());
        taken += 1;
      }
    }
    return taken;
  }

  /** Once only: the number may be another file's afterwards. */
  close(): void {
    if (!this.isClosed) this.calls.close(this.descriptor);
    this.isClosed = true;
  }

  private fail(): void {
    this.isIncomplete = true;
    this.close();
  }

  private record(at: number, now: { readonly ns: number; readonly ms: number }): void {
    const { buffer, lineage } = this;
    const mask = buffer.getUint32(at + maskAt, true);
    if ((mask & overflow) !== 0 || this.seen.length >= actsMax) this.isIncomplete = true;
    if (
      this.isIncomplete ||
      (mask & (attached | detached)) === 0 ||
      buffer.getUint8(at + metadataBytes) !== recordTypeOfMount
    )
      return;
    const by = lineage.actor(buffer.getInt32(at + pidAt, true), { sinceNs: this.sinceNs }, now.ns);
    const id = buffer.getBigUint64(at + mountAt, true);
    const act = (call: string, point: string | null) => {
      if (point === null) return;
      lineage.retain(by);
      this.seen.push({ by, call, parameters: { targets: point }, returned: 0, atMs: now.ms });
    };
    if ((mask & detached) !== 0) act("umount2", this.points.forget(id));
    if ((mask & attached) !== 0) act("mount", this.points.learn(id));
  }
}
