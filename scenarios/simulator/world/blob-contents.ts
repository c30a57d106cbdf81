import type { CheckpointContent } from "../../../protocol/messages.ts";

/** What an archive really holds, whatever its reference says. */
export interface BlobContent {
  readonly jobId: string;
  /** How far the job had got when the last of its files was read. */
  readonly progress: number;
  /** Written while the job ran, or cut off by a crash: nothing can be restored from it. */
  torn: boolean;
}

/** Every checkpoint that was ever written, by the digest of its archive. A digest stands for its content. */
export class BlobContents {
  readonly #contents = new Map<string, BlobContent>();
  #last = 0;

  add(content: BlobContent, archiveBytes: number): CheckpointContent {
    this.#last += 1;
    const number = this.#last.toString(16);
    const archiveDigest = `a${number.padStart(63, "0")}`;
    this.#contents.set(archiveDigest, content);
    return { manifestDigest: `b${number.padStart(63, "0")}`, archiveDigest, archiveBytes, progress: content.progress };
  }

  of(archiveDigest: string): BlobContent | undefined {
    return this.#contents.get(archiveDigest);
  }
}
