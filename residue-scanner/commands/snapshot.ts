import { ExitCode } from "../../foundation/exit-codes.ts";
import { saveSnapshot } from "../snapshot-file.ts";
import { takeSnapshot } from "../take-snapshot.ts";

export interface SnapshotCommandOptions {
  readonly output?: string;
  readonly json?: boolean;
  readonly root?: string[];
}

/** `residue snapshot`: reads the host, says what was seen, and keeps it when asked to. */
export async function snapshotCommand(options: SnapshotCommandOptions, signal: AbortSignal): Promise<ExitCode> {
  const snapshot = await takeSnapshot({ signal, ...(options.root !== undefined && { roots: options.root }) });
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
  for (const { surface, facts, status, detail, durationMs } of snapshot.surfaces) {
    const limits = status === "done" ? "" : ` (${status}: ${detail})`;
    process.stdout.write(
      `${surface.padEnd(10)} ${String(facts).padStart(8)} facts in ${durationMs.toFixed(0).padStart(5)} ms${limits}\n`,
    );
  }
  const kept = options.output === undefined ? "not kept (--output FILE keeps it)" : `kept in ${options.output}`;
  process.stdout.write(`The host was read in ${(tookMs / 1000).toFixed(2)} s; the snapshot is ${kept}.\n`);
  return failedOrPass(snapshot.surfaces);
}

function failedOrPass(surfaces: readonly { readonly status: string }[]): ExitCode {
  return surfaces.some(({ status }) => status === "failed") ? ExitCode.unknown : ExitCode.pass;
}
