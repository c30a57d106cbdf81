import { readdirSync } from "node:fs";

import { readMounts } from "../../collectors/files/mounts.ts";
import { listPids, readProcLink } from "../../collectors/proc.ts";
import { ActResolver } from "../../core/act-resolver.ts";
import type { RawBatch } from "../../core/call-pairing.ts";
import { KeptActs } from "../../core/kept-acts.ts";
import type { Lineage } from "../../core/lineage.ts";
import { changedPoints, changesMounts, type MountState, withTargets } from "../../core/mount-changes.ts";
import type { NamespaceKind } from "../../core/namespace-tracker.ts";
import type { Act, RecorderSource } from "../../core/recording.ts";
import { CallSource, type CallSourceOptions } from "./call-source.ts";

const requestsGatherNs = 200e6;

export interface CallRecordingOptions extends CallSourceOptions {
  readonly lineage: Lineage;
  /** The most acts that are kept; what comes beyond is counted as lost. */
  readonly actsMax: number;
  /** Wall time in ms of a monotonic time in ns. */
  readonly wallMs: (atNs: number) => number;
  /** Takes in the forks that came before what is being resolved. */
  readonly takeInProcesses: () => void;
}

/** Turns the kernel's events of system calls into acts of processes. */
export class CallRecording {
  private readonly kept: KeptActs;
  private readonly calls: CallSource;
  private readonly options: CallRecordingOptions;
  private readonly resolver: ActResolver;
  private takenInNs = 0;
  private mounts: readonly MountState[] = [];

  private constructor(calls: CallSource, options: CallRecordingOptions) {
    this.calls = calls;
    this.options = options;
    const { lineage, wallMs, actsMax } = options;
    this.kept = new KeptActs((serial) => lineage.retain(serial), actsMax);
    this.resolver = new ActResolver({
      serialAt: (pid, atNs) => lineage.serialAt(pid, atNs),
      beganNs: (serial) => lineage.beganNs(serial),
      parentOf: (serial) => lineage.parentOf(serial),
      wallMs,
    });
  }

  /** @returns why not, in words */
  static async start(options: CallRecordingOptions): Promise<CallRecording | { readonly refusal: string }> {
    const calls = await CallSource.open(options);
    if ("refusal" in calls) return calls;
    const recording = new CallRecording(calls, options);
    recording.listProcesses();
    recording.mounts = mountStates();
    return recording;
  }

  get acts(): readonly Act[] {
    return this.kept.acts;
  }

  /** For poll(2). */
  get descriptor(): number {
    return this.calls.descriptor;
  }

  /** Whether it was not taken in for long enough that requests may have gathered, which wake nobody. */
  isDue(nowNs: number): boolean {
    return nowNs - this.takenInNs > requestsGatherNs;
  }

  /** @returns how many acts there were */
  takeIn(): number {
    this.takenInNs = Number(process.hrtime.bigint());
    const acts = this.resolve(this.calls.takeIn());
    if (!acts.some(changesMounts)) return this.keep(acts);
    // Whoever mounted until the table was read is among these or among those that come now, begun or done.
    const mounts = mountStates();
    acts.push(...this.resolve(this.calls.takeIn()));
    const points = changedPoints(this.mounts, mounts);
    this.mounts = mounts;
    return this.keep(this.calls.isComplete() ? withTargets(acts, points) : acts);
  }

  /** Takes in the last of it, and leaves nothing behind. */
  stop(): void {
    this.takeIn();
    this.keep(this.resolve(this.calls.stop()));
  }

  /** Leaves nothing behind, whatever has not been taken in. */
  close(): void {
    this.calls.close();
  }

  source(): RecorderSource {
    const source = this.calls.source();
    const { unresolved } = this.resolver;
    const { dropped } = this.kept;
    const lost = dropped === 0 ? [] : [`${dropped} acts were more than the ${this.acts.length} that are kept`];
    const partial = unresolved === 0 ? [] : [`nobody knows whose ${unresolved} system calls were`];
    if (lost.length + partial.length === 0) return source;
    const { status } = source;
    const detail = [...(source.detail === "" ? [] : [source.detail]), ...lost, ...partial].join("; ");
    return { ...source, status: lost.length > 0 || status === "lost" ? "lost" : "partial", detail };
  }

  private resolve(batch: RawBatch): Act[] {
    if (batch.acts.length === 0 && batch.births.length === 0) return [];
    this.options.takeInProcesses();
    return this.resolver.resolve(batch);
  }

  private keep(acts: readonly Act[]): number {
    for (const act of acts) this.kept.add(act);
    return acts.length;
  }

  /** Whoever was born since the events came is told by these, too. */
  private listProcesses(): void {
    const own = namespacesOf("self");
    const nowNs = Number(process.hrtime.bigint());
    for (const pid of listPids()) {
      for (const thread of threadsOf(pid)) this.resolver.hadThread(pid, thread);
      const serial = this.options.lineage.serialAt(pid, nowNs);
      const theirs = namespacesOf(pid);
      const apart = kinds.filter((_, index) => theirs[index] !== null && theirs[index] !== own[index]);
      // Also where it is with the recorder: who made it may be elsewhere.
      if (serial !== null) this.resolver.wasApart(serial, apart);
    }
  }
}

/** Those that divide what calls make. */
const kinds: readonly NamespaceKind[] = ["ipc", "mnt", "net", "pid", "uts"];

function namespacesOf(process: number | "self"): (string | null)[] {
  return kinds.map((kind) => readProcLink(`/proc/${process}/ns/${kind}`));
}

function mountStates(): MountState[] {
  return readMounts().map(({ id, point, device, options, superOptions, propagation, ...what }) => ({
    ...{ id, point, device, options, superOptions, propagation },
    what: JSON.stringify({ device, ...what }),
  }));
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    // It has ended, and does nothing any more.
    return [];
  }
}
