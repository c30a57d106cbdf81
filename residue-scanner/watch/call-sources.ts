import type { Lineage } from "../core/lineage.ts";
import type { Act, RecorderSource } from "../core/recording.ts";
import { CallRecording } from "./calls/call-recording.ts";
import type { KernelCalls } from "./kernel-calls.ts";
import { monotonicNs } from "./monotonic.ts";
import { NetworkRecording } from "./network-recording.ts";
import type { Poller } from "./poller.ts";
import type { RecorderOptions } from "./recorder-messages.ts";
import { refusedSource } from "./refused-source.ts";

const actsMax = 200_000;
const networkRoomBytesDefault = 8 * 1024 * 1024;

export interface CallSourcesOptions {
  readonly calls: KernelCalls;
  readonly options: RecorderOptions;
  readonly lineage: Lineage;
  readonly poller: Poller;
  /** Wall time in ms of a monotonic time in ns. */
  readonly wallMs: (atNs: number) => number;
  readonly takeInProcesses: () => void;
}

/** What is asked of the kernel that is no file: by system calls, and, as these do not tell it all, by what the network tells. */
export class CallSources {
  private readonly given: CallSourcesOptions;
  private systemCalls: CallRecording | null = null;
  private network: NetworkRecording | null = null;
  private failure = "";

  constructor(given: CallSourcesOptions) {
    this.given = given;
  }

  async start(): Promise<void> {
    const { lineage, wallMs, takeInProcesses, options, poller } = this.given;
    const calls = await CallRecording.start({
      ...{ lineage, actsMax, wallMs, takeInProcesses },
      bufferKilobytes: options.callRoomKilobytes,
    });
    if (calls instanceof CallRecording) {
      this.systemCalls = calls;
      poller.add("calls", calls.descriptor);
      this.startNetwork(calls);
    } else {
      this.failure = calls.refusal;
    }
  }

  /** What was done, first of the calls and then of the network. */
  acts(): readonly [readonly Act[], readonly Act[]] {
    return [this.systemCalls?.acts ?? [], this.network?.acts ?? []];
  }

  /**
   * The network first: what it tells is looked up in calls that came before.
   *
   * @param sinceNs when the wait for it began
   */
  takeInNetwork(sinceNs: number): void {
    const { poller, options } = this.given;
    if (poller.happened("network")) this.network?.takeIn(monotonicNs);
    else if (options.asleep !== true) this.network?.wasEmpty(sinceNs);
  }

  /**
   * Requests wake nobody: they are taken in with calls, and often enough.
   *
   * @returns how many acts there were
   */
  takeInCalls(nowNs: number): number {
    const isTime = this.given.poller.happened("calls") || this.systemCalls?.isDue(nowNs) === true;
    return isTime ? (this.systemCalls?.takeIn() ?? 0) : 0;
  }

  /** All that waits. */
  catchUp(): void {
    this.systemCalls?.takeIn();
    this.network?.takeIn(monotonicNs);
  }

  stop(): void {
    this.systemCalls?.stop();
  }

  close(): void {
    for (const place of ["network", "calls"] as const) this.given.poller.remove(place);
    this.systemCalls?.close();
    this.network?.close();
  }

  /** @param others the recorder's other sources */
  source(others: readonly RecorderSource[]): RecorderSource {
    const { systemCalls, network } = this;
    if (systemCalls === null) return this.missing(others);
    const source = systemCalls.source();
    const lost = (network?.lost ?? 0) + (network?.dropped ?? 0);
    if (network !== null && lost === 0) return source;
    const status = lost > 0 || source.status === "lost" ? "lost" : "partial";
    const unheard = lost > 0 ? "changes of the network were lost" : "changes of the network are not told";
    return { ...source, status, detail: source.detail === "" ? unheard : `${source.detail}; ${unheard}` };
  }

  private startNetwork(systemCalls: CallRecording): void {
    const { calls, options, lineage, poller, wallMs, takeInProcesses } = this.given;
    this.network = NetworkRecording.start({
      ...{ calls, lineage, actsMax, wallMs },
      roomBytes: options.networkRoomBytes ?? networkRoomBytesDefault,
      takeInCalls() {
        takeInProcesses();
        systemCalls.takeIn();
        return systemCalls.acts;
      },
    });
    if (this.network !== null && options.asleep !== true) poller.add("network", this.network.descriptor);
  }

  /** Who is let see everything else and not these has lost evidence; who is not let see the host sees part of it. */
  private missing(others: readonly RecorderSource[]): RecorderSource {
    const source = refusedSource("calls", this.failure);
    const seesTheHost = others.every(({ status }) => status !== "not-permitted");
    return seesTheHost ? { ...source, status: "lost" } : source;
  }
}
