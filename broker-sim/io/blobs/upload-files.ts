import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { limits } from "../../../foundation/limits.ts";
import { systemCode } from "../../../foundation/errors.ts";
import type { UploadKey, UploadRecord } from "../../core/records.ts";
import { uploadIdOf } from "../../core/upload-list.ts";
import { blobStoreFull, uploadGone } from "./blob-problems.ts";

const name = /^([0-9a-f]{64})_(lease-[0-9a-z-]{1,60})_([0-9a-f]{64})$/;

/**
 * What there is of uploads, as files named by them. They are not synced chunk by chunk: a broker that loses its last
 * writes says so when it is asked, and the whole is read back before it counts.
 */
export class UploadFiles {
  readonly #directory: string;
  readonly #bytes = new Map<string, number>();
  /** Files that are on their way out; whoever begins the same upload anew waits for that, or would lose its file to it. */
  readonly #leaving = new Map<string, Promise<void>>();
  #bytesHeld = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get bytesHeld(): number {
    return this.#bytesHeld;
  }

  /** Finds what an earlier start left; whatever else lies there goes. */
  async load(): Promise<UploadRecord[]> {
    const found: UploadRecord[] = [];
    for (const entry of (await readdir(this.#directory)).sort()) {
      const path = join(this.#directory, entry);
      const [id, agentId, leaseId, digest] = name.exec(entry) ?? [];
      const bytes = id === undefined ? Infinity : (await stat(path)).size;
      if (id === undefined || !agentId || !leaseId || !digest || bytes > limits.checkpointBytesMax) {
        await rm(path, { recursive: true, force: true });
        continue;
      }
      this.#note(id, bytes);
      found.push({ agentId, leaseId, digest, bytes });
    }
    return found;
  }

  path(key: UploadKey): string {
    return join(this.#directory, uploadIdOf(key));
  }

  /** See `BlobStore`; `bytesMax` is for all uploads together. */
  async append(
    key: UploadKey,
    { offset, content, bytesMax }: { offset: number; content: Buffer; bytesMax: number },
  ): Promise<void> {
    const id = uploadIdOf(key);
    await this.#leaving.get(id);
    const before = this.#bytes.get(id) ?? 0;
    if (this.#bytesHeld - before + offset + content.length > bytesMax) throw blobStoreFull();
    // "w" empties it: before the first chunk there is nothing.
    const file = await open(this.path(key), offset === 0 ? "w" : "r+", 0o600).catch(asGone);
    try {
      if ((await file.stat()).size < offset) throw uploadGone();
      try {
        await file.truncate(offset);
        await file.write(content, 0, content.length, offset);
      } catch (error) {
        await file.truncate(offset).catch(() => undefined);
        throw systemCode(error) === "ENOSPC" ? blobStoreFull() : error;
      }
    } finally {
      await file.close();
    }
    this.#note(id, offset + content.length);
  }

  async measure(key: UploadKey): Promise<string> {
    const hash = createHash("sha256");
    try {
      for await (const chunk of createReadStream(this.path(key))) hash.update(chunk as Buffer);
    } catch (error) {
      asGone(error);
    }
    return hash.digest("hex");
  }

  /** Brings it to the disk, before it gets its name as a blob. @returns how many bytes it has */
  async sync(key: UploadKey): Promise<number> {
    const file = await open(this.path(key), "r+").catch(asGone);
    try {
      await file.sync();
      return (await file.stat()).size;
    } finally {
      await file.close();
    }
  }

  async remove(key: UploadKey): Promise<void> {
    this.moved(key);
    const id = uploadIdOf(key);
    const gone = rm(this.path(key), { force: true });
    // Whoever waits for it goes on either way; whoever asked for it hears of a failure.
    const left = gone.then(undefined, () => undefined);
    this.#leaving.set(id, left);
    void left.then(() => {
      if (this.#leaving.get(id) === left) this.#leaving.delete(id);
    });
    await gone;
  }

  /** It is no upload any more. */
  moved(key: UploadKey): void {
    this.#note(uploadIdOf(key), 0);
    this.#bytes.delete(uploadIdOf(key));
  }

  #note(id: string, bytes: number): void {
    this.#bytesHeld += bytes - (this.#bytes.get(id) ?? 0);
    this.#bytes.set(id, bytes);
  }
}

function asGone(error: unknown): never {
  throw systemCode(error) === "ENOENT" ? uploadGone() : error;
}
