import { systemClock } from "../../foundation/clock.ts";
import { Lineage } from "../core/lineage.ts";
import type { RecorderSource, Touch } from "../core/recording.ts";
import { CallRecording } from "./calls/call-recording.ts";
import { DirectoryPaths } from "./directory-paths.ts";
import { FileSources } from "./file-sources.ts";
import type { KernelCalls } from "./kernel-calls.ts";
import { monotonicNs, now } from "./monotonic.ts";
import { MountEvents } from "./mount-events.ts";
import { NetworkRecording } from "./network-recording.ts";
import { News } from "./news.ts";
import { Poller } from "./poller.ts";
import { ProcessSource } from "./process-source.ts";
import type { RecorderNews, RecorderOptions, RecordingAnswer } from "./recorder-messages.ts";
import { refusedSource } from "./refused-source.ts";

const actsMax = 200_000;
const processesMax = 500_000;
const networkRoomBytesDefault = 8 * 1024 * 1024;
const idleEndedMax = 50_000;

/** The recorder's sources, and the order in which they are read. */
export class RecordingLoop {
  readonly wakeDescriptor: number;
  private readonly calls: KernelCalls;
  private readonly options: RecorderOptions;
  private readonly files: FileSources;
  private readonly lineage: Lineage;
  private readonly processes: ProcessSource;
  private readonly poller: Poller;
  private readonly fromMs = systemClock.nowMs();
  private toMs = 0;
  private mountEvents: MountEvents | null = null;
  private readonly latest: News | null;
  private systemCalls: CallRecording | null = null;
  private callsFailure = "";
  private network: NetworkRecording | null = null;
  private readonly wallMs: (atNs: number) => number;

  constructor(calls: KernelCalls, options: RecorderOptions) {
    this.calls = calls;
    this.options = options;
    const paths = new DirectoryPaths(calls);
    this.latest = options.live === true ? new News(paths) : null;
    const originMs = systemClock.nowMs() - monotonicNs() / 1e6;
    this.wallMs = (atNs) => originMs + atNs / 1e6;
    this.lineage = new Lineage({ wallMs: this.wallMs, processesMax, idleEndedMax });
    this.poller = new Poller(calls);
    this.wakeDescriptor = this.poller.wakeDescriptor;
    this.processes = new ProcessSource({ calls, options, lineage: this.lineage, poller: this.poller });
    this.files = new FileSources({
      ...{ calls, options, paths, lineage: this.lineage, poller: this.poller, news: this.latest },
      takeInProcesses: () => void this.processes.takeIn(),
    });
  }

  /**
   * Listens to processes, then lists those that are there, then listens to files: whoever does something to a file from
   * then on is known. So is who makes which system call. What the kernel refuses is said in the sources.
   */
  async start(): Promise<void> {
    this.processes.start();
    this.files.start();
    this.startMountEvents();
    await this.startCalls();
  }

  /** Waits until something happens, then takes it in. */
  cycle(): void {
    const startNs = monotonicNs();
    this.poller.wait();
    if (this.poller.happened("network")) this.network?.takeIn(monotonicNs);
    else if (this.options.asleep !== true) this.network?.wasEmpty(startNs);
    if (this.poller.happened("mounts")) this.files.followMounts();
    if (this.poller.happened("mount events")) this.takeInMountEvents();
    const messages = this.poller.happened("processes") ? this.processes.takeIn() : 0;
    const settings = this.poller.happened("settings") ? this.files.takeInSettings() : 0;
    const fileEvents = settings + (this.poller.happened("files") ? this.files.takeIn() : 0);
    // Requests wake nobody: they are taken in with calls, and often enough.
    const acts = this.poller.happened("calls") || this.systemCalls?.isDue(startNs) === true ? this.takeInCalls() : 0;
    this.poller.rest({ fileEvents, messages, acts });
  }

  /** Takes in all that happened before the call. */
  catchUp(): void {
    // The last cycle may have been over before the table of mounts changed.
    if (this.poller.isReady("mounts")) this.files.followMounts();
    this.takeInMountEvents();
    this.processes.takeIn();
    this.files.takeInWaiting();
    this.takeInCalls();
    this.network?.takeIn(monotonicNs);
  }

  stop(): void {
    this.catchUp();
    this.systemCalls?.stop();
    this.processes.describeTheRest();
    this.toMs = systemClock.nowMs();
    this.close();
  }

  close(): void {
    this.files.close();
    for (const place of ["mount events", "network", "calls"] as const) this.poller.remove(place);
    this.mountEvents?.close();
    this.processes.close();
    this.systemCalls?.close();
    this.network?.close();
  }

  /** Nobody asks any more. */
  forget(): void {
    this.files.forget();
  }

  recording(): RecordingAnswer {
    if (this.toMs === 0) this.processes.describeTheRest();
    return {
      kind: "recording",
      sources: [this.files.source(), this.processes.source(), this.callsSource()],
      processes: this.lineage.processes(),
      acts: [
        ...(this.systemCalls?.acts ?? []),
        ...(this.mountEvents?.acts ?? []),
        ...(this.network?.acts ?? []),
        ...this.files.acts(),
      ],
      lines: this.files.lines(),
      ...this.files.settingsSeen(),
      fromMs: this.fromMs,
      toMs: this.toMs === 0 ? systemClock.nowMs() : this.toMs,
    };
  }

  touches(paths: readonly string[]): Map<string, readonly Touch[]> {
    return this.files.touches(paths);
  }

  news(): RecorderNews {
    const { latest } = this;
    const count = latest?.count ?? 0;
    // Of a directory that went meanwhile its name is told next.
    if (this.toMs === 0 && latest?.isPuzzled() === true) this.catchUp();
    const { touches, missed } = latest?.take(count) ?? { touches: [], missed: 0 };
    return { touches, missed, processes: this.lineage.ancestry(new Set(touches.map(({ by }) => by))) };
  }

  /** @returns serials, in the order of the questions */
  holders(of: readonly { readonly pid: number; readonly atMs: number }[]): (number | null)[] {
    const originNs = monotonicNs() - systemClock.nowMs() * 1e6;
    return of.map(({ pid, atMs }) => {
      const serial = this.lineage.serialAt(pid, originNs + atMs * 1e6);
      if (serial !== null) this.lineage.retain(serial);
      return serial;
    });
  }

  private startMountEvents(): void {
    this.mountEvents = MountEvents.open(this.calls, this.lineage);
    const { mountEvents } = this;
    if (mountEvents !== null && this.options.asleep !== true) this.poller.add("mount events", mountEvents.descriptor);
  }

  private takeInMountEvents(): void {
    const { mountEvents } = this;
    if (mountEvents === null || mountEvents.isClosed) return;
    mountEvents.takeIn(now, () => void this.processes.takeIn());
    if (mountEvents.isClosed) this.poller.remove("mount events");
  }

  private async startCalls(): Promise<void> {
    const calls = await CallRecording.start({
      lineage: this.lineage,
      actsMax,
      wallMs: this.wallMs,
      takeInProcesses: () => void this.processes.takeIn(),
      bufferKilobytes: this.options.callRoomKilobytes,
    });
    if (calls instanceof CallRecording) {
      this.systemCalls = calls;
      this.poller.add("calls", calls.descriptor);
      this.startNetwork(calls);
    } else {
      this.callsFailure = calls.refusal;
    }
  }

  private startNetwork(systemCalls: CallRecording): void {
    this.network = NetworkRecording.start({
      calls: this.calls,
      lineage: this.lineage,
      actsMax,
      roomBytes: this.options.networkRoomBytes ?? networkRoomBytesDefault,
      wallMs: this.wallMs,
      takeInCalls: () => {
        this.processes.takeIn();
        this.takeInCalls();
        return systemCalls.acts;
      },
    });
    if (this.network !== null && this.options.asleep !== true) this.poller.add("network", this.network.descriptor);
  }

  private takeInCalls(): number {
    return this.systemCalls?.takeIn() ?? 0;
  }

  private callsSource(): RecorderSource {
    const { systemCalls, network } = this;
    if (systemCalls === null) return this.missingCalls();
    const source = systemCalls.source();
    const lost = (network?.lost ?? 0) + (network?.dropped ?? 0);
    if (network !== null && lost === 0) return source;
    const status = lost > 0 || source.status === "lost" ? "lost" : "partial";
    const unheard = lost > 0 ? "changes of the network were lost" : "changes of the network are not told";
    return { ...source, status, detail: source.detail === "" ? unheard : `${source.detail}; ${unheard}` };
  }

  /** Who is let see everything else and not these has lost evidence; who is not let see the host sees part of it. */
  private missingCalls(): RecorderSource {
    const source = refusedSource("calls", this.callsFailure);
    const seesTheHost = [this.files.source(), this.processes.source()].every(
      ({ status }) => status !== "not-permitted",
    );
    return seesTheHost ? { ...source, status: "lost" } : source;
  }
}
