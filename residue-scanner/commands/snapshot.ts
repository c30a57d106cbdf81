import { ExitCode } from "../../foundation/exit-codes.ts";
import { fitLines } from "../render.ts";
import { saveSnapshot } from "../snapshot-file.ts";
import { takeSnapshot } from "../take-snapshot.ts";
import { withLiveLine } from "./live-line.ts";
import { formOf } from "./output.ts";

export interface SnapshotCommandOptions {
  readonly output?: string;
  readonly json?: boolean;
  readonly root?: string[];
}

/** `residue snapshot`: reads the host, says what was seen, and keeps it when asked to. */
export async function snapshotCommand(options: SnapshotCommandOptions, signal: AbortSignal): Promise<ExitCode> {
  const scope = options.root === undefined ? {} : { roots: options.root };
  const snapshot = await withLiveLine("Reading the host", () => takeSnapshot({ signal, ...scope }));
  if (options.output !== undefined) await saveSnapshot(snapshot, options.output, { signal });
  const entries = snapshot.surfaces.find(({ surface }) => surface === "files")?.facts ?? 0;
  const tookMs = snapshot.endedAtMs - snapshot.startedAtMs;
  if (options.json === true) {
    const { startedAtMs, endedAtMs, surfaces } = snapshot;
    process.stdout.write(
      `${JSON.stringify({ startedAtMs, endedAtMs, entries, surfaces, output: options.output ?? null }, null, 2)}\n`,
    );
    return failedOrPass(snapshot.surfaces);
  }
  const width = Math.max(...snapshot.surfaces.map(({ surface }) => surface.length));
  const lines = snapshot.surfaces.flatMap(({ surface, facts, status, detail, durationMs }) => [
    `${surface.padEnd(width)} ${String(facts).padStart(8)} facts in ${durationMs.toFixed(0).padStart(5)} ms`,
    ...(status === "done" ? [] : [`       ${status}: ${detail}`]),
  ]);
  const kept = options.output === undefined ? "not kept (--output FILE keeps it)" : `kept in ${options.output}`;
  lines.push(`The host was read in ${(tookMs / 1000).toFixed(2)} s; the snapshot is ${kept}.`);
  process.stdout.write(fitLines(lines, formOf(process.stdout).columns));
  return failedOrPass(snapshot.surfaces);
}

function failedOrPass(surfaces: readonly { readonly status: string }[]): ExitCode {
  return surfaces.some(({ status }) => status === "failed") ? ExitCode.unknown : ExitCode.pass;
}
