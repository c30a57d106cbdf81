import { hostname } from "node:os";
import { setImmediate } from "node:timers/promises";

import { systemClock } from "../foundation/clock.ts";
import { messageOf, UsageError } from "../foundation/errors.ts";
import { collectCgroups } from "./collectors/cgroups.ts";
import { collectCrontabs } from "./collectors/crontabs.ts";
import { collectDeviceSettings } from "./collectors/listed/device-settings.ts";
import { collectTracingFilters } from "./collectors/listed/kernel/tracing-filters.ts";
import { type ListedSources, readListedSurface } from "./collectors/listed/read-listed.ts";
import { type OpenFiles, readOpenFiles } from "./collectors/open-files.ts";
import { launcherOf, readersOf } from "./collectors/own-processes.ts";
import { collectFiles, type FilesCollected } from "./collectors/files.ts";
import { collectListeners } from "./collectors/macos/listeners.ts";
import { kernelCalls } from "./collectors/kernel-calls.ts";
import { readBootId } from "./collectors/proc.ts";
import { ancestry, collectProcesses } from "./collectors/processes.ts";
import { collectSockets } from "./collectors/sockets.ts";
import {
  type ListedFact,
  type ListedSurface,
  listedSurfaces,
  type Surface,
  type SurfaceReading,
  surfaces as allSurfaces,
} from "./core/fact.ts";
import type { Snapshot } from "./core/snapshot.ts";

export interface SnapshotOptions {
  /** Directories to read instead of the whole host; the report is then `partial` at best. */
  readonly roots?: readonly string[];
  /** Threads that read files; by default as many as there are processors, from 2 to 4, and 2 with a baseline, or where it is kept. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  /** An earlier reading of this host: files that are as they were there take no room of their own. */
  readonly baseline?: Snapshot;
  /**
   * Whether it is kept while something runs, to be compared afterwards: it takes a tenth of its room meanwhile, and a
   * fifth of a second more of one processor now.
   */
  readonly isKept?: boolean;
  /** Surfaces to read; a comparison of snapshots that lack one is `unknown` at best. */
  readonly surfaces?: readonly Surface[];
}

/**
 * Reads the whole host.
 *
 * A collector that fails does not end the snapshot: its surface is marked `failed`, and no comparison with it is clean.
 *
 * @throws UsageError when a root does not exist
 * @throws the signal's reason when it aborts
 */
export async function takeSnapshot(options: SnapshotOptions = {}): Promise<Snapshot> {
  const startedAtMs = systemClock.nowMs();
  const wanted = new Set(options.surfaces ?? allSurfaces);
  // The walk runs in workers meanwhile.
  const walking = wanted.has("files") ? startFiles(options) : undefined;
  const [walked, quick] = await Promise.all([walking, readAllButFiles(wanted, options.signal)]);
  // Each thread that walked leaves some ten megabytes, and the next reading would come on top of them.
  kernelCalls()?.trim(0);
  return {
    version: 1,
    startedAtMs,
    endedAtMs: systemClock.nowMs(),
    bootId: readBootId(),
    host: hostname(),
    uid: process.geteuid?.() ?? -1,
    scope: walked?.scope ?? null,
    surfaces: [...(walked === undefined ? [] : [walked.reading]), ...quick.surfaces],
    files: walked?.files ?? { segments: [], index: new Map() },
    filesReader: walked?.filesReader ?? null,
    ...quick.facts,
    live: true,
  };
}

type QuickFacts = Pick<
  Snapshot,
  "processes" | "sockets" | "crontabs" | "cgroups" | "listed" | "scanner" | "launcher" | "readers"
>;

/** Also what takes longer to read than all the rest, which a walk through the files hides. */
export async function readAllButFiles(
  wanted: ReadonlySet<Surface>,
  signal?: AbortSignal,
): Promise<{ facts: QuickFacts; surfaces: SurfaceReading[] }> {
  const quick = await readQuickSurfaces(wanted, signal);
  const listed = { ...quick.facts.listed };
  const surfaces: SurfaceReading[] = [];
  const readMore = (reading: SurfaceReading): SurfaceReading => {
    const { surface } = reading;
    const more = surface === "sysctls" || surface === "kernel" ? seldomSettings[surface] : undefined;
    if (more === undefined || reading.status === "failed") return reading;
    const startedMs = performance.now();
    try {
      const quickly = listed[surface as ListedSurface] ?? [];
      const known = new Set(quickly.map(({ key }) => key));
      const facts = withoutStacks(more).filter(({ key }) => !known.has(key));
      listed[surface as ListedSurface] = [...quickly, ...facts];
      const durationMs = reading.durationMs + performance.now() - startedMs;
      return { ...reading, facts: reading.facts + facts.length, durationMs };
    } catch (error) {
      return failedReading(surface, error);
    }
  };
  for (const reading of quick.surfaces) {
    await setImmediate();
    signal?.throwIfAborted();
    surfaces.push(readMore(reading));
  }
  return { facts: { ...quick.facts, listed }, surfaces };
}

const seldomSettings = { sysctls: () => collectDeviceSettings(), kernel: () => collectTracingFilters() } as const;

/**
 * Everything but files and what has thousands of settings; together some tens of milliseconds, on a host with many processes more.
 *
 * @throws the signal's reason when it aborts
 */
export async function readQuickSurfaces(
  wanted: ReadonlySet<Surface>,
  signal?: AbortSignal,
): Promise<{ facts: QuickFacts; surfaces: SurfaceReading[] }> {
  const surfaces: SurfaceReading[] = [];
  const note = <T extends { reading: SurfaceReading }>(collected: T): T => {
    surfaces.push(collected.reading);
    return collected;
  };
  const attempt = async <T extends { reading: SurfaceReading }, E>(
    surface: Surface,
    collect: () => T | Promise<T>,
    empty: E,
  ) => {
    if (!wanted.has(surface)) return empty;
    // Every reading keeps the thread to itself: only between them can be heard that there is to be an end.
    await setImmediate();
    signal?.throwIfAborted();
    try {
      return note(await withoutStacks(collect));
    } catch (error) {
      surfaces.push(failedReading(surface, error));
      return empty;
    }
  };
  // Sockets first: the processes that hold them are then among those read, or ended.
  // Several surfaces are read of it, and it costs most of what they do.
  let open: OpenFiles | undefined;
  const openFiles = () => (open ??= readOpenFiles());
  const readSockets = () => (process.platform === "linux" ? collectSockets(openFiles()) : collectListeners());
  const { sockets } = await attempt("sockets", readSockets, { sockets: [] });
  const { processes } = await attempt("processes", collectProcesses, { processes: [] });
  const { crontabs } = await attempt("crontabs", () => collectCrontabs(), { crontabs: [] });
  const { cgroups } = await attempt("cgroups", collectCgroups, { cgroups: [] });
  const listed: Partial<Record<ListedSurface, readonly ListedFact[]>> = {};
  for (const surface of listedSurfaces) {
    if (!wanted.has(surface)) continue;
    listed[surface] = (
      await attempt(surface, () => readListed(surface, { openFiles, processes }), {
        facts: [] as readonly ListedFact[],
      })
    ).facts;
  }
  const above = ancestry(process.pid, processes);
  const scanner = above.map(({ pid, startTime }) => ({ pid, startTime }));
  const { argv, channel } = process;
  const launcher = launcherOf(above, { argv, workingDirectory: process.cwd(), hasChannel: channel !== undefined });
  const readers = readersOf(above, processes);
  return { facts: { sockets, processes, crontabs, cgroups, listed, scanner, launcher, readers }, surfaces };
}

/** Much of what is looked for is not there, and each error that says so costs twice as much with its stack. */
function withoutStacks<T>(collect: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return collect();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function readListed(
  surface: ListedSurface,
  sources: ListedSources,
): { facts: readonly ListedFact[]; reading: SurfaceReading } {
  const startedMs = performance.now();
  const { facts, unseen } = readListedSurface(surface, sources);
  const status = unseen.length === 0 ? "done" : "partial";
  const durationMs = performance.now() - startedMs;
  return { facts, reading: { surface, status, detail: unseen.join("; "), facts: facts.length, durationMs } };
}

async function startFiles(options: SnapshotOptions): Promise<FilesCollected> {
  const { roots, workers, signal, baseline, isKept } = options;
  try {
    return await collectFiles({ roots, workers, signal, isKept, baseline: baseline?.files });
  } catch (error) {
    if (error instanceof UsageError || signal?.aborted === true) throw error;
    const reading = failedReading("files", error);
    return { files: { segments: [], index: new Map() }, filesReader: "portable", scope: null, reading };
  }
}

function failedReading(surface: Surface, error: unknown): SurfaceReading {
  return { surface, status: "failed", detail: `the collector failed: ${messageOf(error)}`, facts: 0, durationMs: 0 };
}
