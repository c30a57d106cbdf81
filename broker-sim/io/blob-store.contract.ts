import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { beforeEach, describe, expect, test } from "vitest";

import type { BlobStore } from "./blob-store.ts";

const noted = () => undefined;
const unwanted = () => false;

/** What every store of blobs must do. */
export function blobStoreContract(name: string, open: (options?: { bytesMax: number }) => Promise<BlobStore>): void {
  describe(`${name} blob store`, () => {
    const content = Buffer.from("what was frozen");
    const digest = digestOf(content);
    let blobs: BlobStore;
    beforeEach(async () => {
      blobs = await open();
    });

    test("gives back the bytes that it was given, and says how many there are", async () => {
      const sizes: number[] = [];
      await blobs.put(digest, chunked(content), (bytes) => sizes.push(bytes));
      expect(sizes).toEqual([content.length]);
      expect(await blobs.size(digest)).toBe(content.length);
      const found = await blobs.open(digest);
      expect(found?.bytes).toBe(content.length);
      expect(await buffer(found!.stream)).toEqual(content);
      expect(await blobs.list()).toEqual([{ digest, bytes: content.length }]);
    });

    test("takes an empty blob too", async () => {
      const empty = digestOf(Buffer.alloc(0));
      await blobs.put(empty, Readable.from([]), noted);
      expect(await buffer((await blobs.open(empty))!.stream)).toHaveLength(0);
    });

    test("keeps nothing of bytes that are not what their address says", async () => {
      const put = blobs.put(digest, chunked(Buffer.from("something else")), noted);
      await expect(put).rejects.toMatchObject({ problem: { code: "digest-mismatch" } });
      expect(await blobs.size(digest)).toBeNull();
      expect(await blobs.open(digest)).toBeNull();
      expect(await blobs.list()).toEqual([]);
    });

    test("keeps nothing of an upload that breaks off", async () => {
      const broken = new Readable({
        read() {
          this.push(content.subarray(0, 3));
          this.destroy(new Error("the connection was lost"));
        },
      });
      await expect(blobs.put(digest, broken, noted)).rejects.toThrow("the connection was lost");
      expect(await blobs.list()).toEqual([]);
    });

    test("takes no more in all than it may hold, and room is free again after a removal", async () => {
      const small = await open({ bytesMax: content.length + 3 });
      const other = Buffer.from("more");
      await small.put(digest, chunked(content), noted);
      const put = small.put(digestOf(other), chunked(other), noted);
      await expect(put).rejects.toMatchObject({ problem: { code: "full" } });
      await small.remove(digest, unwanted);
      await small.put(digestOf(other), chunked(other), noted);
    });

    test("removes a blob unless it is wanted again, and does not mind one that is not there", async () => {
      await blobs.put(digest, chunked(content), noted);
      await blobs.remove(digest, () => true);
      expect(await blobs.size(digest)).toBe(content.length);
      await blobs.remove(digest, unwanted);
      expect(await blobs.size(digest)).toBeNull();
      await blobs.remove(digest, unwanted);
    });

    test("never loses a blob that is put again while it is being removed", async () => {
      for (let round = 0; round < 20; round += 1) {
        let wanted = false;
        await blobs.put(digest, chunked(content), noted);
        const putAgain = blobs.put(digest, chunked(content), () => {
          wanted = true;
        });
        await Promise.all([putAgain, blobs.remove(digest, () => wanted)]);
        expect(await blobs.size(digest)).toBe(content.length);
        expect(await buffer((await blobs.open(digest))!.stream)).toEqual(content);
      }
    });
  });
}

function digestOf(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function chunked(content: Buffer): Readable {
  return Readable.from(Array.from(content, (byte) => Buffer.from([byte])));
}
