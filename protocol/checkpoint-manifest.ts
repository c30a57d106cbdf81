import * as z from "zod";

import { Digest, Epoch, JobId, WallMs } from "./identifiers.ts";

/** One entry of a checkpoint's archive, sorted by path. */
export const ManifestEntry = z.strictObject({
  /** Relative to the working directory, with forward slashes. */
  path: z.string().min(1),
  /** `hardlink`: one more name of the file or symlink at `target`, an entry before it. */
  kind: z.enum(["file", "directory", "symlink", "hardlink"]),
  mode: z.int().min(0),
  /** How long a file is, holes included. */
  bytes: z.int().min(0),
  /** Of a sparse file: what it takes in the archive, which is its map and its data without the holes. */
  storedBytes: z.int().min(0).optional(),
  /** Of a file's content as it stands in the archive: of a sparse file, its map and its data. */
  sha256: Digest.optional(),
  /** Where a symlink points, as it says it; the path of a hard link's earlier entry. */
  target: z.string().optional(),
});
export type ManifestEntry = z.infer<typeof ManifestEntry>;

/** What a checkpoint holds. Its address is the SHA-256 of these bytes: canonical JSON, keys in this order. */
export const CheckpointManifest = z.strictObject({
  version: z.literal(1),
  jobId: JobId,
  epoch: Epoch,
  createdAt: WallMs,
  progress: z.number().min(0),
  /** Of a job that cooperates: whether it had put its files in order before it was frozen. */
  cooperative: z.boolean().optional(),
  /** SHA-256 of the archive: tar, compressed with zstd. */
  archiveDigest: Digest,
  archiveBytes: z.int().min(0),
  entries: z.array(ManifestEntry),
  /** What stood in the directory and cannot be archived: sockets, FIFOs, devices, mounts. Never opened. */
  omitted: z.array(z.strictObject({ path: z.string(), kind: z.string() })),
});
export type CheckpointManifest = z.infer<typeof CheckpointManifest>;
