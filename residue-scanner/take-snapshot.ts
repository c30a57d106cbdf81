import { readFileSync } from "node:fs";
import { hostname } from "node:os";

import { systemClock } from "../foundation/clock.ts";
import { messageOf, UsageError } from "../foundation/errors.ts";
import { collectCgroups } from "./collectors/cgroups.ts";
import { collectCrontabs } from "./collectors/crontabs.ts";
import { collectFiles, type FilesCollected } from "./collectors/files.ts";
import { ancestry, collectProcesses } from "./collectors/processes.ts";
import { collectSockets } from "./collectors/sockets.ts";
import { type Surface, surfaces as allSurfaces, type SurfaceReading } from "./core/fact.ts";
import type { Snapshot } from "./core/snapshot.ts";

export interface SnapshotOptions {
  /** Directories to read instead of the whole host; the report is then `partial` at best. */
  readonly roots?: readonly string[];
  /** Threads that read files; by default as many as there are processors, from 2 to 4. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
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
  const quick = await readQuickSurfaces(wanted);
  const walked = await walking;
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

type QuickFacts = Pick<Snapshot, "processes" | "sockets" | "crontabs" | "cgroups" | "scanner">;

/** Everything but files; together some tens of milliseconds. */
export async function readQuickSurfaces(
  wanted: ReadonlySet<Surface>,
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
    try {
      return note(await collect());
    } catch (error) {
      surfaces.push(failedReading(surface, error));
      return empty;
    }
  };
  // Sockets first: the processes that hold them are then among those read, or ended.
  const { sockets } = await attempt("sockets", collectSockets, { sockets: [] });
  const { processes } = await attempt("processes", collectProcesses, { processes: [] });
  const { crontabs } = await attempt("crontabs", () => collectCrontabs(), { crontabs: [] });
  const { cgroups } = await attempt("cgroups", collectCgroups, { cgroups: [] });
  const scanner = ancestry(process.pid, processes).map(({ pid, startTime }) => ({ pid, startTime }));
  return { facts: { sockets, processes, crontabs, cgroups, scanner }, surfaces };
}

async function startFiles(options: SnapshotOptions): Promise<FilesCollected> {
  const { roots, workers, signal } = options;
  try {
    return await collectFiles({ roots, workers, signal });
  } catch (error) {
    if (error instanceof UsageError || signal?.aborted === true) throw error;
    const reading = failedReading("files", error);
    return { files: { segments: [], index: new Map() }, filesReader: "portable", scope: null, reading };
  }
}

function failedReading(surface: Surface, error: unknown): SurfaceReading {
  return { surface, status: "failed", detail: `the collector failed: ${messageOf(error)}`, facts: 0, durationMs: 0 };
}

function readBootId(): string | null {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return null;
  }
}
