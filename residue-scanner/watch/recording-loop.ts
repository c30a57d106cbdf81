import { closeSync, openSync } from "node:fs";
import { getSystemErrorName } from "node:util";

import { systemClock } from "../../foundation/clock.ts";
import { messageOf } from "../../foundation/errors.ts";
import { Lineage } from "../core/lineage.ts";
import type { RecorderSource, Touch } from "../core/recording.ts";
import { CallRecording } from "./calls/call-recording.ts";
import { DirectoryHandles } from "./directory-handles.ts";
import { DirectoryPaths } from "./directory-paths.ts";
import { FileEventGroup } from "./file-event-group.ts";
import { FileRecording } from "./file-recording.ts";
import type { KernelCalls } from "./kernel-calls.ts";
import { MountEvents } from "./mount-events.ts";
import { NetworkRecording } from "./network-recording.ts";
import { News } from "./news.ts";
import { Poller } from "./poller.ts";
import { listProcesses, readDetails } from "./process-details.ts";
import { listenToProcesses, type ProcessRecording } from "./process-recording.ts";
import type { RecorderNews, RecorderOptions, RecordingAnswer } from "./recorder-messages.ts";
import { SettingEventGroup } from "./setting-event-group.ts";
import { SettingRecording } from "./setting-recording.ts";

const touchesMaxDefault = 2_000_000;
const actsMax = 200_000;
const processesMax = 500_000;
const networkRoomBytesDefault = 8 * 1024 * 1024;
const idleEndedMax = 50_000;
const processRoomBytesDefault = 128 * 1024 * 1024;
/** Nobody asks about who had a pid longer ago than this. */
const horizonNs = 10e9;

/** The recorder's sources, and the order in which they are read. */
export class RecordingLoop {
  readonly wakeDescriptor: number;
  private readonly calls: KernelCalls;
  private readonly options: RecorderOptions;
  private readonly handles: DirectoryHandles;
  private readonly lineage: Lineage;
  private readonly poller: Poller;
  private readonly fromMs = systemClock.nowMs();
  private toMs = 0;
  private group: FileEventGroup | null = null;
  private files: FileRecording | null = null;
  private mountEvents: MountEvents | null = null;
  private settingGroup: SettingEventGroup | null = null;
  private settings: SettingRecording | null = null;
  private settingsRefusal = "";
  private processes: ProcessRecording | null = null;
  private readonly paths: DirectoryPaths;
  private readonly latest: News | null;
  private mountTable: number | null = null;
  private filesFailure: string | null = null;
  private processesFailure: string | null = null;
  private systemCalls: CallRecording | null = null;
  private callsFailure = "";
  private network: NetworkRecording | null = null;
  private readonly wallMs: (atNs: number) => number;

  constructor(calls: KernelCalls, options: RecorderOptions) {
    this.calls = calls;
    this.options = options;
    this.handles = new DirectoryHandles(calls);
    this.paths = new DirectoryPaths(calls);
    this.latest = options.live === true ? new News(this.paths) : null;
    const originMs = systemClock.nowMs() - monotonicNs() / 1e6;
    this.wallMs = (atNs) => originMs + atNs / 1e6;
    this.lineage = new Lineage({ wallMs: this.wallMs, processesMax, idleEndedMax });
    this.poller = new Poller(calls);
    this.wakeDescriptor = this.poller.wakeDescriptor;
  }

  /**
   * Listens to processes, then lists those that are there, then listens to files: whoever does something to a file from
   * then on is known. So is who makes which system call. What the kernel refuses is said in the sources.
   */
  async start(): Promise<void> {
    this.startProcesses();
    listProcesses(this.lineage, monotonicNs);
    this.startFiles();
    if (this.files !== null) this.startSettings();
    this.startMountEvents();
    await this.startCalls();
  }

  /** Waits until something happens, then takes it in. */
  cycle(): void {
    const startNs = monotonicNs();
    this.poller.wait();
    if (this.poller.happened("network")) this.network?.takeIn(monotonicNs);
    else if (this.options.asleep !== true) this.network?.wasEmpty(startNs);
    if (this.poller.happened("mounts")) this.followMounts();
    if (this.poller.happened("mount events")) this.takeInMountEvents();
    const messages = this.poller.happened("processes") ? this.takeInProcesses() : 0;
    const settings = this.poller.happened("settings") ? this.takeInSettings() : 0;
    const fileEvents = settings + (this.poller.happened("files") ? this.takeInFiles() : 0);
    const acts = this.poller.happened("calls") ? this.takeInCalls() : 0;
    this.poller.rest({ fileEvents, messages, acts });
  }

  /** Takes in all that happened before the call. */
  catchUp(): void {
    // The last cycle may have been over before the table of mounts changed.
    if (this.poller.isReady("mounts")) this.followMounts();
    this.takeInMountEvents();
    this.takeInProcesses();
    // What waits at the beginning fits into so many reads; what comes in the meantime is for the next time.
    for (let reads = this.group?.waitingReads() ?? 0; reads > 0 && this.takeInFilesOnce() > 0; reads -= 1);
    for (let reads = this.settingGroup?.waitingReads() ?? 0; reads > 0 && this.takeInSettings() > 0; reads -= 1);
    this.takeInCalls();
    this.network?.takeIn(monotonicNs);
  }

  stop(): void {
    this.catchUp();
    this.systemCalls?.stop();
    this.describeTheRest();
    this.toMs = systemClock.nowMs();
    this.close();
  }

  close(): void {
    for (const place of ["files", "settings", "processes", "mounts", "mount events", "network", "calls"] as const)
      this.poller.remove(place);
    if (this.mountTable !== null) closeSync(this.mountTable);
    this.group?.close();
    this.settingGroup?.close();
    this.mountEvents?.close();
    this.processes?.close();
    this.systemCalls?.close();
    this.network?.close();
    this.mountTable = null;
  }

  recording(): RecordingAnswer {
    if (this.toMs === 0) this.describeTheRest();
    return {
      kind: "recording",
      sources: [this.filesSource(), this.processesSource(), this.callsSource()],
      processes: this.lineage.processes(),
      acts: [...(this.systemCalls?.acts ?? []), ...(this.mountEvents?.acts ?? []), ...(this.network?.acts ?? [])],
      fromMs: this.fromMs,
      toMs: this.toMs === 0 ? systemClock.nowMs() : this.toMs,
    };
  }

  touches(paths: readonly string[]): Map<string, readonly Touch[]> {
    const keys = new Map<string, string | null>();
    const keyOf = (path: string): string | null => {
      const known = keys.get(path);
      if (known !== undefined) return known;
      const key = this.handles.keyOf(path);
      keys.set(path, key);
      return key;
    };
    const { files, settings } = this;
    return new Map(
      paths.map((path) => [path, [...(files?.touchesOf(path, keyOf) ?? []), ...(settings?.touchesOf(path) ?? [])]]),
    );
  }

  news(): RecorderNews {
    const { touches, missed } = this.latest?.take() ?? { touches: [], missed: 0 };
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

  private startProcesses(): void {
    const opened = listenToProcesses({
      calls: this.calls,
      lineage: this.lineage,
      roomBytes: this.options.processRoomBytes ?? processRoomBytesDefault,
      waitFor: (descriptor, timeoutMs) => this.poller.waitFor(descriptor, timeoutMs),
    });
    if (typeof opened === "string") {
      this.processesFailure = opened;
      return;
    }
    this.processes = opened;
    if (this.options.asleep !== true) this.poller.add("processes", opened.descriptor);
  }

  private startFiles(): void {
    const group = FileEventGroup.open(
      this.calls,
      { handles: this.handles, paths: this.paths },
      { isLimited: this.options.limitedQueue === true },
    );
    if (!(group instanceof FileEventGroup)) {
      this.filesFailure = `the kernel does not tell this user of changes of files (${getSystemErrorName(-group.errno)})`;
      return;
    }
    this.group = group;
    this.files = new FileRecording({
      group,
      handles: this.handles,
      paths: this.paths,
      news: this.latest,
      lineage: this.lineage,
      addressOf: (view) => this.calls.addressOf(view),
      touchesMax: this.options.touchesMax ?? touchesMaxDefault,
    });
    this.mountTable = openSync("/proc/self/mountinfo", "r");
    group.markAll({ isBeginning: true });
    if (this.options.asleep !== true) this.poller.add("files", group.descriptor);
    this.poller.add("mounts", this.mountTable);
  }

  private startSettings(): void {
    const group = SettingEventGroup.open(this.calls, { isLimited: this.options.limitedQueue === true });
    if (typeof group === "string") {
      this.settingsRefusal = group;
      return;
    }
    this.settingGroup = group;
    this.settings = new SettingRecording(group, this.lineage);
    group.markAll();
    if (this.options.asleep !== true) this.poller.add("settings", group.descriptor);
  }

  private startMountEvents(): void {
    this.mountEvents = MountEvents.open(this.calls, this.lineage);
    const { mountEvents } = this;
    if (mountEvents !== null && this.options.asleep !== true) this.poller.add("mount events", mountEvents.descriptor);
  }

  private takeInMountEvents(): void {
    const { mountEvents } = this;
    if (mountEvents === null || mountEvents.isClosed) return;
    mountEvents.takeIn(now, () => void this.takeInProcesses());
    if (mountEvents.isClosed) this.poller.remove("mount events");
  }

  private followMounts(): void {
    this.paths.forget();
    this.handles.forget();
    this.group?.markAll({ isBeginning: false });
    this.settingGroup?.markAll();
  }

  private async startCalls(): Promise<void> {
    const calls = await CallRecording.start({
      lineage: this.lineage,
      actsMax,
      wallMs: this.wallMs,
      takeInProcesses: () => void this.takeInProcesses(),
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
        this.takeInProcesses();
        this.takeInCalls();
        return systemCalls.acts;
      },
    });
    if (this.network !== null && this.options.asleep !== true) this.poller.add("network", this.network.descriptor);
  }

  private takeInCalls(): number {
    return this.systemCalls?.takeIn() ?? 0;
  }

  private takeInProcesses(): number {
    const { processes } = this;
    if (processes === null || this.processesFailure !== null) return 0;
    try {
      const messages = processes.takeIn();
      processes.readBegun();
      return messages;
    } catch (error) {
      this.processesFailure = messageOf(error);
      this.poller.remove("processes");
      return 0;
    }
  }

  private takeInSettings(): number {
    const { settings } = this;
    if (settings === null) return 0;
    const taken = settings.takeIn(now, () => void this.takeInProcesses());
    if (settings.failure !== null) this.poller.remove("settings");
    return taken;
  }

  private takeInFiles(): number {
    const before = this.files?.events ?? 0;
    this.takeInFilesOnce();
    return (this.files?.events ?? 0) - before;
  }

  /** The files first, then the forks that came before them, then who did what. */
  private takeInFilesOnce(): number {
    const { files } = this;
    if (files === null || this.filesFailure !== null) return 0;
    try {
      const bytes = files.read(monotonicNs());
      this.lineage.horizonNs = monotonicNs() - horizonNs;
      if (bytes === 0) return 0;
      this.takeInProcesses();
      files.record({ ns: monotonicNs(), ms: systemClock.nowMs() });
      return bytes;
    } catch (error) {
      this.filesFailure = messageOf(error);
      this.poller.remove("files");
      this.group?.close();
      return 0;
    }
  }

  /** Who runs on can still be asked: those who never ran a program of their own, or whose turn did not come. */
  private describeTheRest(): void {
    for (const { serial, pid } of this.lineage.undescribed()) {
      const details = readDetails(pid);
      if (details !== null) this.lineage.describe(serial, details);
    }
  }

  private filesSource(): RecorderSource {
    const { files, settings, settingsRefusal } = this;
    if (files === null) return refused("files", this.filesFailure);
    const unwatched = { lost: [], partial: [`writing to /proc and /sys cannot be watched (${settingsRefusal})`] };
    const source = files.source(this.filesFailure, settings?.troubles() ?? unwatched);
    return { ...source, events: source.events + (settings?.events ?? 0) };
  }

  private callsSource(): RecorderSource {
    const { systemCalls, network } = this;
    if (systemCalls === null) return refused("calls", this.callsFailure);
    const source = systemCalls.source();
    const lost = (network?.lost ?? 0) + (network?.dropped ?? 0);
    if (network !== null && lost === 0) return source;
    const status = lost > 0 || source.status === "lost" ? "lost" : "partial";
    const unheard = lost > 0 ? "changes of the network were lost" : "changes of the network are not told";
    return { ...source, status, detail: source.detail === "" ? unheard : `${source.detail}; ${unheard}` };
  }

  private processesSource(): RecorderSource {
    return this.processes?.source(this.processesFailure) ?? refused("processes", this.processesFailure);
  }
}

function refused(source: RecorderSource["source"], detail: string | null): RecorderSource {
  return { source, status: "not-permitted", detail: detail ?? "", events: 0 };
}

function now(): { readonly ns: number; readonly ms: number } {
  return { ns: monotonicNs(), ms: systemClock.nowMs() };
}

/** CLOCK_MONOTONIC, as in process events. */
function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}
