import { closeSync, openSync } from "node:fs";
import { getSystemErrorName } from "node:util";

import { messageOf } from "../../foundation/errors.ts";
import type { Lineage } from "../core/lineage.ts";
import type { Act, LineWriters, RecorderSource, Touch } from "../core/recording.ts";
import { readLineKeys, sharedLineFiles } from "../collectors/shared-lines.ts";
import { DirectoryHandles } from "./directory-handles.ts";
import { bornNs } from "./born-ns.ts";
import type { DirectoryPaths } from "./directory-paths.ts";
import { FileEventGroup } from "./file-event-group.ts";
import { FileRecording } from "./file-recording.ts";
import type { KernelCalls } from "./kernel-calls.ts";
import { LineRecording } from "./line-recording.ts";
import { monotonicNs, now } from "./monotonic.ts";
import type { News } from "./news.ts";
import { PathReach } from "./path-reach.ts";
import { PlacelessMounts } from "./placeless-mounts.ts";
import type { Poller } from "./poller.ts";
import type { RecorderOptions } from "./recorder-messages.ts";
import { refusedSource } from "./refused-source.ts";
import { type FurtherMarks, SettingEventGroup } from "./setting-event-group.ts";
import { SettingRecording } from "./setting-recording.ts";
import { TouchLookup } from "./touch-lookup.ts";

const touchesMaxDefault = 2_000_000;
/** Nobody asks about who had a pid longer ago than this. */
const horizonNs = 10e9;

export interface FileSourcesOptions {
  readonly calls: KernelCalls;
  readonly options: RecorderOptions;
  readonly lineage: Lineage;
  readonly poller: Poller;
  readonly paths: DirectoryPaths;
  readonly news: News | null;
  /** Takes in the forks that wait: they came before what is to be recorded next. */
  readonly takeInProcesses: () => void;
}

/** Who touches which file, in file systems and in what /proc and /sys show. */
export class FileSources {
  private readonly given: FileSourcesOptions;
  private readonly handles: DirectoryHandles;
  private readonly placeless = new PlacelessMounts();
  private group: FileEventGroup | null = null;
  private files: FileRecording | null = null;
  private settingGroup: SettingEventGroup | null = null;
  private settings: SettingRecording | null = null;
  private settingsRefusal = "";
  private mountTable: number | null = null;
  private failure: string | null = null;

  constructor(given: FileSourcesOptions) {
    this.given = given;
    this.handles = new DirectoryHandles(given.calls, new PathReach(given.calls, this.placeless));
  }

  start(): void {
    const { calls, options, lineage, poller, paths, news } = this.given;
    const isLimited = options.limitedQueue === true;
    const group = FileEventGroup.open(calls, { handles: this.handles, paths }, { isLimited });
    if (!(group instanceof FileEventGroup)) {
      this.failure = `the kernel does not tell this user of changes of files (${getSystemErrorName(-group.errno)})`;
      return;
    }
    this.group = group;
    this.files = new FileRecording({
      ...{ group, paths, news, lineage, bornNs },
      addressOf: (view) => calls.addressOf(view),
      touchesMax: options.touchesMax ?? touchesMaxDefault,
      takingsMax: options.takingsMax,
      isOfRun: this.isOfRun(),
    });
    this.mountTable = openSync("/proc/self/mountinfo", "r");
    group.markAll({ isBeginning: true });
    this.placeless.open();
    for (const directory of this.placeless.directories) group.markDirectory(directory);
    this.followLines(this.files, group);
    if (options.asleep !== true) poller.add("files", group.descriptor);
    poller.add("mounts", this.mountTable);
    this.startSettings(isLimited);
  }

  /** Whoever records starts what is recorded; where the process itself is not known, each may be of the run. */
  private isOfRun(): (serial: number) => boolean {
    const { lineage } = this.given;
    const own = lineage.serialAt(process.pid, monotonicNs());
    return (serial) => own === null || lineage.comesFrom(serial, own);
  }

  followMounts(): void {
    this.given.paths.forget();
    this.handles.forget();
    this.group?.markAll({ isBeginning: false });
    this.settingGroup?.markAll(this.furtherMarks());
  }

  /** @returns how many events there were */
  takeIn(): number {
    const before = this.files?.events ?? 0;
    this.takeInOnce();
    return (this.files?.events ?? 0) - before;
  }

  /** @returns how many events there were */
  takeInSettings(): number {
    const { settings } = this;
    if (settings === null) return 0;
    const taken = settings.takeIn(now, this.given.takeInProcesses);
    if (settings.failure !== null) this.given.poller.remove("settings");
    return taken;
  }

  /** What waits at the beginning fits into so many reads; what comes in the meantime is for the next time. */
  takeInWaiting(): void {
    for (let reads = this.group?.waitingReads() ?? 0; reads > 0 && this.takeInOnce() > 0; reads -= 1);
    for (let reads = this.settingGroup?.waitingReads() ?? 0; reads > 0 && this.takeInSettings() > 0; reads -= 1);
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
    const lookup = files === null ? null : new TouchLookup(files.table, files.linkers, this.handles);
    const ofEntries = lookup?.ofEntries(paths, keyOf) ?? new Map<string, Touch[]>();
    const ofFile = (path: string) => ofEntries.get(path) ?? lookup?.of(path, keyOf) ?? [];
    return new Map(paths.map((path) => [path, [...ofFile(path), ...(settings?.touchesOf(path) ?? [])]]));
  }

  /** Those in which the run changed something since this was asked last; and those in which they lie, where they themselves were. */
  changedDirectories(): string[] {
    const directories = new Set<string>();
    for (const { key, isItself } of this.files?.changed.take() ?? []) {
      const path = this.given.paths.pathOf(key);
      if (path === null) continue;
      directories.add(path);
      if (isItself) directories.add(path.slice(0, Math.max(path.lastIndexOf("/"), 1)));
    }
    return [...directories];
  }

  source(): RecorderSource {
    const { files, settings, settingsRefusal } = this;
    if (files === null) return refusedSource("files", this.failure);
    const unwatched = { lost: [], partial: [`writing to /proc and /sys cannot be watched (${settingsRefusal})`] };
    const source = files.source(this.failure, settings?.troubles() ?? unwatched);
    return { ...source, events: source.events + (settings?.events ?? 0) };
  }

  /** Whether every change of files was seen, whatever is known of settings. */
  get seesFiles(): boolean {
    return this.files?.source(this.failure, { lost: [], partial: [] }).status === "done";
  }

  /** Whether every writing to what /proc and /sys show was seen; and that to what can only be written to. */
  settingsSeen(): { readonly seesSettings: boolean; readonly seesOrders: boolean } {
    const { lost = [], partial = [] } = this.settings?.troubles() ?? {};
    const seesSettings = this.settings !== null && lost.length + partial.length === 0;
    return { seesSettings, seesOrders: seesSettings && this.settingGroup?.tellsOfUnopened === true };
  }

  acts(): readonly Act[] {
    return [...(this.files?.table.takings?.acts ?? []), ...(this.settings?.orders ?? [])];
  }

  lines(): ReadonlyMap<string, LineWriters> {
    return this.files?.lines?.writers() ?? new Map();
  }

  close(): void {
    for (const place of ["files", "settings", "mounts"] as const) this.given.poller.remove(place);
    if (this.mountTable !== null) closeSync(this.mountTable);
    this.mountTable = null;
    this.group?.close();
    this.settingGroup?.close();
  }

  /** After the marks: what is written while these are read for the first time is told. */
  private followLines(files: FileRecording, group: FileEventGroup): void {
    const { lineage, options } = this.given;
    files.lines = new LineRecording({
      files: options.lineFiles ?? sharedLineFiles(),
      linesMax: options.linesMax,
      linesOf: readLineKeys,
      directoryOf: (path) => {
        const key = this.handles.keyOf(path);
        return key === null ? null : files.table.directory(key).id;
      },
      isWaiting: () => group.isWaiting(),
      retain: (serial) => {
        lineage.retain(serial);
        return lineage.beganNs(serial);
      },
    });
  }

  /** What is needed to answer, also after `close`. */
  forget(): void {
    this.placeless.close();
  }

  private startSettings(isLimited: boolean): void {
    const { calls, options, lineage, poller } = this.given;
    const group = SettingEventGroup.open(calls, { isLimited });
    if (typeof group === "string") {
      this.settingsRefusal = group;
      return;
    }
    this.settingGroup = group;
    this.settings = new SettingRecording(group, lineage);
    group.markAll(this.furtherMarks());
    if (options.asleep !== true) poller.add("settings", group.descriptor);
  }

  private furtherMarks(): FurtherMarks {
    return { nameless: this.group?.refused.keys() ?? [], placeless: this.placeless.tracing };
  }

  /** The files first, then the forks that came before them, then who did what. */
  private takeInOnce(): number {
    const { files, given } = this;
    if (files === null || this.failure !== null) return 0;
    try {
      const bytes = files.read(monotonicNs());
      given.lineage.horizonNs = monotonicNs() - horizonNs;
      if (bytes === 0) return 0;
      given.takeInProcesses();
      files.record(now());
      return bytes;
    } catch (error) {
      this.failure = messageOf(error);
      given.poller.remove("files");
      this.group?.close();
      return 0;
    }
  }
}
