import { systemClock } from "../../foundation/clock.ts";
import { Lineage } from "../core/lineage.ts";
import type { Touch } from "../core/recording.ts";
import { programsRun } from "../core/run-programs.ts";
import { CallSources } from "./call-sources.ts";
import { DirectoryPaths } from "./directory-paths.ts";
import { FileSources } from "./file-sources.ts";
import type { KernelCalls } from "./kernel-calls.ts";
import { monotonicNs, now } from "./monotonic.ts";
import { MountEvents } from "./mount-events.ts";
import { News } from "./news.ts";
import { Poller } from "./poller.ts";
import { ProcessSource } from "./process-source.ts";
import type { RecorderNews, RecorderOptions, RecordingAnswer } from "./recorder-messages.ts";

const processesMax = 500_000;
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
  private readonly asked: CallSources;

  constructor(calls: KernelCalls, options: RecorderOptions) {
    this.calls = calls;
    this.options = options;
    const paths = new DirectoryPaths(calls);
    this.latest = options.live === true ? new News(paths) : null;
    const originMs = systemClock.nowMs() - monotonicNs() / 1e6;
    const wallMs = (atNs: number): number => originMs + atNs / 1e6;
    this.lineage = new Lineage({ wallMs, processesMax, idleEndedMax });
    this.poller = new Poller(calls);
    this.wakeDescriptor = this.poller.wakeDescriptor;
    this.processes = new ProcessSource({ calls, options, lineage: this.lineage, poller: this.poller });
    const { lineage, poller } = this;
    const takeInProcesses = (): void => void this.processes.takeIn();
    this.files = new FileSources({ calls, options, paths, lineage, poller, news: this.latest, takeInProcesses });
    this.asked = new CallSources({ calls, options, lineage, poller, wallMs, takeInProcesses });
  }

  /**
   * Listens to processes, then lists those that are there, then listens to files: whoever does something to a file from
   * then on is known. So is who makes which system call. What the kernel refuses is said in the sources.
   */
  async start(): Promise<void> {
    this.processes.start();
    this.files.start();
    this.startMountEvents();
    await this.asked.start();
  }

  /** Waits until something happens, then takes it in. */
  cycle(): void {
    const startNs = monotonicNs();
    this.poller.wait();
    this.asked.takeInNetwork(startNs);
    if (this.poller.happened("mounts")) this.files.followMounts();
    if (this.poller.happened("mount events")) this.takeInMountEvents();
    const messages = this.poller.happened("processes") ? this.processes.takeIn() : 0;
    const settings = this.poller.happened("settings") ? this.files.takeInSettings() : 0;
    const fileEvents = settings + (this.poller.happened("files") ? this.files.takeIn() : 0);
    const acts = this.asked.takeInCalls(startNs);
    this.poller.rest({ fileEvents, messages, acts });
  }

  /** Takes in all that happened before the call. */
  catchUp(): void {
    // The last cycle may have been over before the table of mounts changed.
    if (this.poller.isReady("mounts")) this.files.followMounts();
    this.takeInMountEvents();
    this.processes.takeIn();
    this.files.takeInWaiting();
    this.asked.catchUp();
  }

  stop(): void {
    this.catchUp();
    this.asked.stop();
    this.processes.describeTheRest();
    this.toMs = systemClock.nowMs();
    this.close();
  }

  close(): void {
    this.files.close();
    this.poller.remove("mount events");
    this.mountEvents?.close();
    this.processes.close();
    this.asked.close();
  }

  /** Nobody asks any more. */
  forget(): void {
    this.files.forget();
  }

  recording(): RecordingAnswer {
    if (this.toMs === 0) this.processes.describeTheRest();
    const others = [this.files.source(), this.processes.source()];
    const [calls, network] = this.asked.acts();
    return {
      kind: "recording",
      sources: [...others, this.asked.source(others)],
      processes: this.lineage.processes(),
      acts: [...calls, ...(this.mountEvents?.acts ?? []), ...network, ...this.files.acts(), ...this.processes.acts()],
      lines: this.files.lines(),
      seesFiles: this.files.seesFiles,
      ...this.files.settingsSeen(),
      fromMs: this.fromMs,
      toMs: this.toMs === 0 ? systemClock.nowMs() : this.toMs,
    };
  }

  /** Of those, too, of whom nothing was read as they began: asked for now, because this comes before the recording. */
  programs(): string[] {
    if (this.toMs === 0) this.processes.describeTheRest();
    return programsRun({ processes: this.lineage.processes() });
  }

  touches(paths: readonly string[]): Map<string, readonly Touch[]> {
    return this.files.touches(paths);
  }

  /** One character a byte. */
  changedDirectories(): string[] {
    return this.files.changedDirectories();
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
}
