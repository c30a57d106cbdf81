import type { Readable } from "node:stream";

import type { BlobRecord, UploadKey, UploadRecord } from "../../core/records.ts";

/**
 * Where checkpoints' blobs live, addressed by the SHA-256 of their bytes, and what there is of those on their way. Of one
 * upload one thing is asked at a time; `discard` may come at any time.
 */
export interface BlobStore {
  list(): Promise<BlobRecord[]>;
  /** What is left of uploads from before a restart. */
  uploads(): Promise<UploadRecord[]>;
  /**
   * Writes a chunk at its place, over whatever may lie there and behind. What is there of an upload stays as it was when
   * this fails.
   *
   * @throws ProblemError `full` (the store) or `offset-mismatch` (the store has lost what lay before the chunk)
   */
  append(key: UploadKey, chunk: { readonly offset: number; readonly content: Buffer }): Promise<void>;
  /**
   * The SHA-256 of what is in the store of an upload, in hexadecimal: read back, not remembered.
   *
   * @throws ProblemError `offset-mismatch` when it is gone
   */
  measure(key: UploadKey): Promise<string>;
  /**
   * Makes a whole upload a blob. Calls `stored` in the moment in which the blob is there, before any removal that was
   * asked for meanwhile is looked at.
   *
   * @throws ProblemError `offset-mismatch` when the upload is gone
   */
  keep(key: UploadKey, stored: (bytes: number) => void): Promise<void>;
  /** Throws away what there is of an upload; one that is not there is fine. */
  discard(key: UploadKey): Promise<void>;
  /** The bytes, or null when they are not there. */
  open(digest: string): Promise<{ readonly bytes: number; readonly stream: Readable } | null>;
  /** Removes a blob unless it is wanted again by the time its turn comes; removing what is not there is fine. */
  remove(digest: string, isWanted: () => boolean): Promise<void>;
}
