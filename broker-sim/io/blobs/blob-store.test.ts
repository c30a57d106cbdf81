import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";

import { digestOf } from "../../testing/signing-client.ts";
import { blobStoreContract, keyOf, put } from "./blob-store.contract.ts";
import { directoryBlobStore } from "./directory-blob-store.ts";
import { memoryBlobStore } from "./memory-blob-store.ts";

const directories: string[] = [];
function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "broker-blobs-"));
  directories.push(directory);
  return directory;
}
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

blobStoreContract("memory", async (options) => memoryBlobStore(options));
blobStoreContract("directory", async (options) => await directoryBlobStore(newDirectory(), options));

test("a directory's blobs are there after a restart, and what there was of uploads; nothing else", async () => {
  const directory = newDirectory();
  const [content, other] = [Buffer.from("frozen"), Buffer.from("another one")];
  const before = await directoryBlobStore(directory);
  await put(before, content);
  await before.append(keyOf(other), { offset: 0, content: other.subarray(0, 5) });
  writeFileSync(join(directory, "incoming", "half"), "fro");
  mkdirSync(join(directory, "incoming", "a directory"));
  const again = await directoryBlobStore(directory, { bytesMax: content.length + other.length });
  expect(await again.list()).toEqual([{ digest: digestOf(content), bytes: content.length }]);
  expect(readdirSync(join(directory, "incoming"))).toHaveLength(1);
  expect(await again.uploads()).toEqual([{ ...keyOf(other), bytes: 5 }]);
  await again.append(keyOf(other), { offset: 5, content: other.subarray(5) });
  expect(await again.measure(keyOf(other))).toBe(digestOf(other));
  await again.keep(keyOf(other), () => undefined);
  // What was there before the restart counts, too.
  const full = { problem: { code: "full" } };
  await expect(again.append(keyOf(Buffer.from("x")), { offset: 0, content: Buffer.from("x") })).rejects.toMatchObject(
    full,
  );
});

test("a directory that lost the last writes of an upload has no place for what comes behind them", async () => {
  const directory = newDirectory();
  const content = Buffer.from("what was frozen");
  const blobs = await directoryBlobStore(directory);
  await blobs.append(keyOf(content), { offset: 0, content: content.subarray(0, 8) });
  truncateSync(join(directory, "incoming", readdirSync(join(directory, "incoming"))[0]!), 4);
  const gone = { problem: { code: "offset-mismatch" } };
  await expect(blobs.append(keyOf(content), { offset: 8, content: content.subarray(8) })).rejects.toMatchObject(gone);
});

test("an upload that begins anew while what there was is removed keeps its file", async () => {
  const blobs = await directoryBlobStore(newDirectory());
  const content = Buffer.from("what was frozen");
  for (let round = 0; round < 50; round += 1) {
    await blobs.append(keyOf(content), { offset: 0, content: content.subarray(0, 8) });
    const discarded = blobs.discard(keyOf(content));
    await blobs.append(keyOf(content), { offset: 0, content });
    await discarded;
    expect(await blobs.measure(keyOf(content))).toBe(digestOf(content));
  }
});
