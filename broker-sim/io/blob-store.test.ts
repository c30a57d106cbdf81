import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, expect, test } from "vitest";

import { digestOf } from "../testing/signing-client.ts";
import { blobStoreContract } from "./blob-store.contract.ts";
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

test("a directory's blobs are there after a restart, and half of an upload is not", async () => {
  const directory = newDirectory();
  const content = Buffer.from("frozen");
  await (await directoryBlobStore(directory)).put(digestOf(content), Readable.from([content]), () => undefined);
  mkdirSync(join(directory, "incoming"), { recursive: true });
  writeFileSync(join(directory, "incoming", "half"), "fro");
  const again = await directoryBlobStore(directory);
  expect(await again.list()).toEqual([{ digest: digestOf(content), bytes: content.length }]);
  expect(readdirSync(join(directory, "incoming"))).toEqual([]);
});
