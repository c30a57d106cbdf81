import * as z from "zod";

import { Digest, Epoch, JobId, WallMs } from "./identifiers.ts";

/** One entry of a checkpoint's archive, sorted by path. */
export const ManifestEntry = z.strictObject({
  /** Relative to the working directory, with forward slashes. */
  path: z.string().min(1),
  kind: z.enum(["file", "directory", "symlink"]),
  mode: z.int().min(0),
  bytes: z.int().min(0),
  /** Of a file's content. */
  sha256: Digest.optional(),
  /** Of a symlink. */
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
  /** SHA-256 of the archive: tar, compressed with zstd. */
  archiveDigest: Digest,
  archiveBytes: z.int().min(0),
  entries: z.array(ManifestEntry),
  /** What stood in the directory and cannot be archived: sockets, FIFOs, devices. */
  omitted: z.array(z.strictObject({ path: z.string(), kind: z.string() })),
});
export type CheckpointManifest = z.infer<typeof CheckpointManifest>;
