import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { systemClock } from "../../foundation/clock.ts";
import type { CheckpointContent, CheckpointReference } from "../../protocol/messages.ts";
import { resourceKey } from "../host-resource.ts";
import { restoreCheckpoint, saveCheckpoint } from "../sandbox/checkpoint.ts";
import { archiveName, manifestName } from "../sandbox/checkpoint-files.ts";
import { readProgress } from "../sandbox/job-output.ts";
import { wipeDirectory } from "../sandbox/wipe-directory.ts";
import { createWorkspace } from "../sandbox/workspace.ts";
import type { HomePaths } from "./home-paths.ts";
import type { FileHostLedger } from "./host-ledger.ts";

/** The directories of leases in the home: `sandboxes/LEASE/{workspace,job.log}` and `checkpoints/LEASE/GENERATION/`. */
export class LeaseFiles {
  readonly #paths: HomePaths;
  readonly #ledger: FileHostLedger;
  /** One thing at a time is done to a lease's checkpoints. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** What each job said last: it may be caught in the middle of saying it anew. */
  readonly #progress = new Map<string, number>();

  constructor(paths: HomePaths, ledger: FileHostLedger) {
    this.#paths = paths;
    this.#ledger = ledger;
  }

  workspace(leaseId: string): string {
    return join(this.#paths.sandboxes, leaseId, "workspace");
  }

  logFile(leaseId: string): string {
    return join(this.#paths.sandboxes, leaseId, "job.log");
  }

  /** How far the job says that it is. */
  progress(leaseId: string): number {
    const last = this.#progress.get(leaseId);
    if (last === undefined) return 0;
    const progress = readProgress(this.workspace(leaseId), last);
    this.#progress.set(leaseId, progress);
    return progress;
  }

  /** Makes an empty workspace, or one with a checkpoint's content, which `fetch` brings from the broker. */
  async prepare(
    leaseId: string,
    checkpoint: { reference: CheckpointReference; fetch: (digest: string) => Promise<Buffer> } | null,
  ): Promise<string> {
    const directory = join(this.#paths.sandboxes, leaseId);
    this.#make(directory);
    const workspace = this.workspace(leaseId);
    createWorkspace(workspace);
    this.#progress.set(leaseId, checkpoint?.reference.progress ?? 0);
    if (checkpoint !== null) await restoreInto(directory, workspace, checkpoint);
    return workspace;
  }

  /** Wipes what the job had; returns what could not be removed. */
  async wipeSandbox(leaseId: string): Promise<string[]> {
    this.#progress.delete(leaseId);
    return await this.#wipe(join(this.#paths.sandboxes, leaseId));
  }

  /** Wipes every sandbox of an earlier instance, and the checkpoints of leases other than these. */
  async wipeLeftovers(leaseIds: readonly string[]): Promise<void> {
    const { sandboxes, checkpoints } = this.#paths;
    for (const name of this.#namesIn(sandboxes)) await this.#wipe(join(sandboxes, name));
    for (const name of this.#namesIn(checkpoints)) {
      if (!leaseIds.includes(name)) await this.#wipe(join(checkpoints, name));
    }
  }

  /**
   * Archives a frozen workspace.
   *
   * @param wanted whether it still is, asked when its turn has come
   * @returns null when it was not wanted any more
   */
  async save(
    lease: { leaseId: string; jobId: string; epoch: number; generation: number; cooperative: boolean | null },
    wanted: () => boolean,
  ): Promise<CheckpointContent | null> {
    const { leaseId, jobId, epoch, generation, cooperative } = lease;
    return await this.#inTurn(leaseId, async () => {
      if (!wanted()) return null;
      this.#make(join(this.#paths.checkpoints, leaseId));
      const directory = this.#generation(leaseId, generation);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const workspace = this.workspace(leaseId);
      try {
        const progress = this.progress(leaseId);
        const nowMs = systemClock.nowMs();
        const saved = await saveCheckpoint({ workspace, jobId, epoch, progress, cooperative, directory, nowMs });
        return saved.content;
      } catch (error) {
        await wipeDirectory(directory);
        throw error;
      }
    });
  }

  /** Where the two files of a saved checkpoint are. */
  checkpointFiles(
    { leaseId, jobId, generation }: { leaseId: string; jobId: string; generation: number },
    { manifestDigest, archiveDigest }: CheckpointReference,
  ): { manifest: string; archive: string } {
    const directory = this.#generation(leaseId, generation);
    return {
      manifest: join(directory, manifestName(jobId, manifestDigest)),
      archive: join(directory, archiveName(jobId, archiveDigest)),
    };
  }

  async discardCheckpoint(leaseId: string, generation: number): Promise<void> {
    await this.#inTurn(leaseId, () => wipeDirectory(this.#generation(leaseId, generation)));
  }

  async discardCheckpoints(leaseId: string): Promise<void> {
    await this.#inTurn(leaseId, () => this.#wipe(join(this.#paths.checkpoints, leaseId)));
    this.#turns.delete(leaseId);
  }

  #generation(leaseId: string, generation: number): string {
    return join(this.#paths.checkpoints, leaseId, String(generation));
  }

  /** Journalled first, then made. */
  #make(directory: string): void {
    const resource = { kind: "directory", path: directory } as const;
    if (!this.#ledger.holds(resourceKey(resource))) this.#ledger.acquire(resource);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  async #wipe(directory: string): Promise<string[]> {
    const { leftCount, left } = await wipeDirectory(directory);
    const key = resourceKey({ kind: "directory", path: directory });
    if (leftCount === 0 && !existsSync(directory) && this.#ledger.holds(key)) this.#ledger.release(key);
    return left.map(({ path, reason }) => `${path} (${reason})`);
  }

  /** What lies in it, and what the ledger says does: an instance may have died between a wipe and its line. */
  #namesIn(directory: string): string[] {
    const there = existsSync(directory) ? readdirSync(directory) : [];
    const listed = this.#ledger
      .live()
      .flatMap((resource) =>
        resource.kind === "directory" && dirname(resource.path) === directory ? [basename(resource.path)] : [],
      );
    return [...new Set([...there, ...listed])].sort();
  }

  async #inTurn<T>(leaseId: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(leaseId) ?? Promise.resolve()).then(work, work);
    this.#turns.set(leaseId, turn);
    return await turn;
  }
}

async function restoreInto(
  directory: string,
  workspace: string,
  { reference, fetch }: { reference: CheckpointReference; fetch: (digest: string) => Promise<Buffer> },
): Promise<void> {
  const incoming = join(directory, "incoming");
  mkdirSync(incoming, { mode: 0o700 });
  try {
    const manifestPath = join(incoming, "manifest.json");
    const archivePath = join(incoming, "archive.tar.zst");
    const [manifest, archive] = await Promise.all([fetch(reference.manifestDigest), fetch(reference.archiveDigest)]);
    writeFileSync(manifestPath, manifest, { mode: 0o600 });
    writeFileSync(archivePath, archive, { mode: 0o600 });
    await restoreCheckpoint({ manifestPath, archivePath, workspace, expected: reference });
  } finally {
    await wipeDirectory(incoming);
  }
}
