import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { beforeEach, describe, expect, test } from "vitest";

import type { UploadKey } from "../../core/records.ts";
import type { BlobStore } from "./blob-store.ts";

const noted = () => undefined;
const unwanted = () => false;

/** What every store of blobs must do. */
export function blobStoreContract(name: string, open: (options?: { bytesMax: number }) => Promise<BlobStore>): void {
  describe(`${name} blob store`, () => {
    const content = Buffer.from("what was frozen");
    const digest = digestOf(content);
    const key = keyOf(content);
    let blobs: BlobStore;
    beforeEach(async () => {
      blobs = await open();
    });

    test("gives back the bytes that it was given in chunks, and says how many there are", async () => {
      await blobs.append(key, { offset: 0, content: content.subarray(0, 4) });
      expect(await blobs.open(digest)).toBeNull();
      expect(await blobs.measure(key)).toBe(digestOf(content.subarray(0, 4)));
      await blobs.append(key, { offset: 4, content: content.subarray(4) });
      expect(await blobs.measure(key)).toBe(digest);
      expect(await blobs.list()).toEqual([]);
      const sizes: number[] = [];
      await blobs.keep(key, (bytes) => sizes.push(bytes));
      expect(sizes).toEqual([content.length]);
      const found = await blobs.open(digest);
      expect(found?.bytes).toBe(content.length);
      expect(await buffer(found!.stream)).toEqual(content);
      expect(await blobs.list()).toEqual([{ digest, bytes: content.length }]);
    });

    test("takes an empty blob too", async () => {
      const nothing = Buffer.alloc(0);
      await put(blobs, nothing);
      expect(await buffer((await blobs.open(digestOf(nothing)))!.stream)).toHaveLength(0);
    });

    test("a chunk at the beginning begins anew, and one further on overwrites what lies behind", async () => {
      await blobs.append(key, { offset: 0, content: Buffer.from("something longer than it") });
      await blobs.append(key, { offset: 0, content: content.subarray(0, 9) });
      expect(await blobs.measure(key)).toBe(digestOf(content.subarray(0, 9)));
    });

    test("has no place for a chunk behind bytes that it does not have, and measures nothing", async () => {
      const gone = { problem: { code: "offset-mismatch", expectedOffset: 0 } };
      const chunk = { offset: 3, content: Buffer.from("x") };
      await expect(blobs.append(key, chunk)).rejects.toMatchObject(gone);
      await expect(blobs.measure(key)).rejects.toMatchObject(gone);
      await expect(blobs.keep(key, noted)).rejects.toMatchObject(gone);
      await blobs.append(key, { offset: 0, content: Buffer.from("ab") });
      await expect(blobs.append(key, chunk)).rejects.toMatchObject(gone);
    });

    test("keeps the uploads of agents and leases apart, and throws away only the one that is named", async () => {
      const others = [
        { ...key, agentId: "b".repeat(64) },
        { ...key, leaseId: "lease-2" },
      ];
      for (const one of [key, ...others]) await blobs.append(one, { offset: 0, content });
      await blobs.discard(key);
      await blobs.discard(key);
      await expect(blobs.measure(key)).rejects.toMatchObject({ problem: { code: "offset-mismatch" } });
      for (const one of others) expect(await blobs.measure(one)).toBe(digest);
    });

    test("begins an upload anew behind the end of the one before, whose removal goes on", async () => {
      for (let round = 0; round < 30; round += 1) {
        await blobs.append(key, { offset: 0, content: content.subarray(0, 4) });
        const discarded = blobs.discard(key);
        await blobs.append(key, { offset: 0, content });
        await discarded;
        expect(await blobs.measure(key)).toBe(digest);
      }
    });

    test("takes no more in all than it may hold, uploads included, and room is free again after a removal", async () => {
      const small = await open({ bytesMax: content.length + 3 });
      const other = Buffer.from("more");
      await small.append(key, { offset: 0, content });
      const full = { problem: { code: "full" } };
      await expect(put(small, other)).rejects.toMatchObject(full);
      // What is there may be written anew: it is not there twice.
      await small.append(key, { offset: 0, content });
      await small.discard(key);
      await put(small, content);
      await expect(put(small, other)).rejects.toMatchObject(full);
      await small.remove(digest, unwanted);
      await put(small, other);
    });

    test("the same bytes brought twice are there once", async () => {
      const small = await open({ bytesMax: 2 * content.length });
      await put(small, content);
      const again = { ...key, leaseId: "lease-2" };
      await small.append(again, { offset: 0, content });
      await small.keep(again, noted);
      await small.append(key, { offset: 0, content });
      expect(await small.list()).toHaveLength(1);
    });

    test("removes a blob unless it is wanted again, and does not mind one that is not there", async () => {
      await put(blobs, content);
      await blobs.remove(digest, () => true);
      expect(await blobs.list()).toHaveLength(1);
      await blobs.remove(digest, unwanted);
      expect(await blobs.open(digest)).toBeNull();
      await blobs.remove(digest, unwanted);
    });

    test("never loses a blob that is put again while it is being removed", async () => {
      for (let round = 0; round < 20; round += 1) {
        let wanted = false;
        await put(blobs, content);
        const putAgain = put(blobs, content, () => {
          wanted = true;
        });
        await Promise.all([putAgain, blobs.remove(digest, () => wanted)]);
        expect(await blobs.list()).toHaveLength(1);
        expect(await buffer((await blobs.open(digest))!.stream)).toEqual(content);
      }
    });
  });
}

export function keyOf(content: Buffer): UploadKey {
  return { agentId: "a".repeat(64), leaseId: "lease-1", digest: digestOf(content) };
}

/** Brings a blob in one chunk. */
export async function put(blobs: BlobStore, content: Buffer, stored: (bytes: number) => void = noted): Promise<void> {
  await blobs.append(keyOf(content), { offset: 0, content });
  await blobs.keep(keyOf(content), stored);
}

function digestOf(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
