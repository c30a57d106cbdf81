import type { Readable } from "node:stream";

import type { BlobRecord } from "../core/records.ts";

/** Where checkpoints' blobs live, addressed by the SHA-256 of their bytes. */
export interface BlobStore {
  list(): Promise<BlobRecord[]>;
  /** The blob's size in bytes, or null when it is not there. */
  size(digest: string): Promise<number | null>;
  /**
   * Takes the bytes in while checking them; nothing is kept of those that do not fit. Calls `stored` in the moment in
   * which the blob is there, before any removal that was asked for meanwhile is looked at.
   *
   * @throws ProblemError `digest-mismatch`, `too-large` (one blob) or `full` (the store)
   */
  put(digest: string, bytes: Readable, stored: (bytes: number) => void): Promise<void>;
  /** The bytes, or null when they are not there. */
  open(digest: string): Promise<{ readonly bytes: number; readonly stream: Readable } | null>;
  /** Removes a blob unless it is wanted again by the time its turn comes; removing what is not there is fine. */
  remove(digest: string, isWanted: () => boolean): Promise<void>;
}
