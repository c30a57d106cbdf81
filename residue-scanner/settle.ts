import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { systemClock } from "../foundation/clock.ts";
import type { Finding, ResidueReport } from "../protocol/residue-report.ts";
import { rereadDirectories } from "./collectors/files.ts";
import { compareSnapshots } from "./compare-snapshots.ts";
import type { AttributionContext } from "./core/attribution-context.ts";
import { type Surface, surfaces as allSurfaces } from "./core/fact.ts";
import type { RecordingSource } from "./core/recorded-run.ts";
import type { Snapshot } from "./core/snapshot.ts";
import { diffTreesInSteps } from "./core/tree-diff.ts";
import { inTurns } from "./in-turns.ts";
import { giveBackGarbage } from "./garbage.ts";
import { readAllButFiles, type SnapshotOptions, takeSnapshot } from "./take-snapshot.ts";
import { unlessAborted } from "./unless-aborted.ts";

export interface SettleOptions extends SnapshotOptions {
  /**
   * How long all readings after the first may take together, in ms. Default 3000; where a process has ended that
   * process 1 has yet to collect, and that is not the background's, at least 10 000.
   */
  readonly boundMs?: number;
  /** Told of each reading's report, before it is known whether another one follows. */
  readonly onReading?: (report: ResidueReport) => void;
  /** One that has listened since before the baseline was taken; it is to be stopped after the last reading only. */
  readonly recorder?: RecordingSource | null;
}

const firstDwellMs = 25;
const boundMsDefault = 3_000;
/** What ends by itself (a process, a socket, its cgroup) is given at least this long. */
const volatileMsMin = 1_000;
/** Process 1 may look only every few seconds for children that have ended. It is waited for so long, whatever the bound. */
const initBoundMs = 10_000;
const dwellMsMax = 1_000;
const volatileSurfaces: readonly string[] = ["processes", "sockets", "cgroups"] satisfies Surface[];

/**
 * Reads the host and compares, again and again with doubling waits, until nothing is found or two readings agree; the
 * first reading is enough when it finds nothing. Two that agree are not enough while process 1 has yet to collect what has
 * ended (see `SettleOptions.boundMs`), nor, of what may end by itself, within the first second. `readings` in the report tells how many there were.
 */
export async function settleAndCompare(
  before: Snapshot,
  context: AttributionContext,
  options: SettleOptions = {},
): Promise<{ report: ResidueReport; after: Snapshot }> {
  // Begins: from here on what the run changes may come after it was read.
  await askChanged(options);
  let after = await takeSnapshot({ ...options, ...scopeOf(before, options), baseline: before });
  after = { ...after, files: await readDirectories(after, await changedIn(after, options)) };
  let report = await compareSnapshots(before, after, context, options);
  options.onReading?.(report);
  const startedMs = systemClock.monotonicMs();
  const boundMs = options.boundMs ?? boundMsDefault;
  let readings = 1;
  for (let dwellMs = firstDwellMs; report.findings.length > 0; dwellMs *= 2) {
    const bound = report.findings.some(waitsForInit) ? Math.max(boundMs, initBoundMs) : boundMs;
    const leftMs = bound - (systemClock.monotonicMs() - startedMs);
    if (leftMs <= 0) break;
    await sleep(Math.min(dwellMs, dwellMsMax, leftMs), undefined, { signal: options.signal });
    // Of many findings the last reading's report takes as much room as the next one's.
    const last = fingerprintOf(report);
    report = { ...report, findings: [], excused: [] };
    giveBackGarbage();
    after = await readAgain(before, after, options);
    report = await compareSnapshots(before, after, context, options);
    options.onReading?.(report);
    readings += 1;
    const waitedMs = systemClock.monotonicMs() - startedMs;
    if (hasSettled({ last, report, waitedMs })) break;
  }
  return { report: { ...report, readings }, after };
}

function scopeOf(before: Snapshot, options: SettleOptions): SnapshotOptions {
  const roots = options.roots ?? before.scope?.map((root) => Buffer.from(root, "latin1").toString("utf8"));
  const surfaces =
    options.surfaces ?? allSurfaces.filter((surface) => before.surfaces.some((reading) => reading.surface === surface));
  return { surfaces, ...(roots !== undefined && { roots }) };
}

/**
 * A cheap second look: everything but files whole, and of the files only directories where something differs, or where
 * the run was seen to change something. Files come after processes: whoever is not among those any more has written all
 * that it wrote.
 */
async function readAgain(before: Snapshot, after: Snapshot, options: SettleOptions): Promise<Snapshot> {
  const wanted = new Set(after.surfaces.map(({ surface }) => surface));
  const quick = await readAllButFiles(wanted, options.signal);
  const fileReadings = after.surfaces.filter(({ surface }) => surface === "files");
  return {
    ...after,
    ...quick.facts,
    files: await readFilesAgain(before, after, options),
    surfaces: [...fileReadings, ...quick.surfaces],
    endedAtMs: systemClock.nowMs(),
  };
}

async function readFilesAgain(before: Snapshot, after: Snapshot, options: SettleOptions): Promise<Snapshot["files"]> {
  const { differences, crowds } = await inTurns(diffTreesInSteps(before.files, after.files), options.signal);
  const differing = [...differences, ...crowds].map(({ directory }) => directory);
  return await readDirectories(after, new Set([...differing, ...(await changedIn(after, options))]));
}

async function readDirectories(
  { files, filesReader: reader }: Snapshot,
  directories: ReadonlySet<string>,
): Promise<Snapshot["files"]> {
  return reader === null || directories.size === 0 ? files : await rereadDirectories({ files, reader, directories });
}

/** Of those where the run changed something since this was asked last, what was read; new ones come with where they lie. */
async function changedIn({ files }: Snapshot, options: SettleOptions): Promise<ReadonlySet<string>> {
  return new Set((await askChanged(options)).filter((directory) => files.index.has(directory)));
}

async function askChanged({ recorder = null, signal }: SettleOptions): Promise<readonly string[]> {
  return recorder === null ? [] : await unlessAborted(recorder.askChangedDirectories(), signal);
}

/**
 * Whether the newest two readings say that what is found will stay.
 * @param last `fingerprintOf` the reading before
 * @param waitedMs since the first reading
 */
export function hasSettled({
  last,
  report,
  waitedMs,
}: {
  readonly last: string;
  readonly report: Pick<ResidueReport, "findings">;
  readonly waitedMs: number;
}): boolean {
  if (last !== fingerprintOf(report) || report.findings.some(waitsForInit)) return false;
  return waitedMs >= volatileMsMin || !report.findings.some(isVolatile);
}

/**
 * It has ended and has lost its parent: nobody but process 1 can do anything about it. What the host ends in the background
 * is no reason to wait.
 */
function waitsForInit({ surface, after, attribution }: Finding): boolean {
  return (
    surface === "processes" && after?.["state"] === "Z" && after["parent"] === 1 && attribution.to !== "background"
  );
}

function isVolatile({ surface }: Finding): boolean {
  return volatileSurfaces.includes(surface);
}

/** The same for two readings that found the same in the same state. */
export function fingerprintOf({ findings }: Pick<ResidueReport, "findings">): string {
  const hash = createHash("sha256");
  for (const { id, change, changed, after } of findings)
    hash.update(JSON.stringify([id, change, changed, stable(after)]));
  return hash.digest("hex");
}

function stable(attributes: Finding["after"]): unknown {
  // A process that is scheduled is no other process.
  return attributes === null ? null : { ...attributes, state: null };
}
