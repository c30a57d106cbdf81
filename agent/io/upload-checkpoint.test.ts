import { createHash, randomBytes } from "node:crypto";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { limits } from "../../foundation/limits.ts";
import type { ChunkPlace, UploadStatus } from "../../protocol/uploads.ts";
import { temporaryDirectory } from "../testing/temporary-home.ts";
import { BrokerError } from "./broker-error.ts";
import { uploadCheckpoint } from "./upload-checkpoint.ts";

const chunk = limits.uploadChunkBytesMax;
const digestOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const away = (): BrokerError => new BrokerError("away", { code: "unreachable", retriable: true });

/** Two real files, and the far end as it is seen from here: what it has, and what stands in the way of each chunk. */
function checkpoint({ archiveBytes = 3 * chunk + 17 } = {}) {
  const directory = temporaryDirectory();
  const [manifest, archive] = [Buffer.from("a manifest"), randomBytes(archiveBytes)];
  const paths = { manifest: join(directory, "manifest"), archive: join(directory, "archive") };
  writeFileSync(paths.manifest, manifest);
  writeFileSync(paths.archive, archive);
  const archiveDigest = digestOf(archive);
  const has = new Map<string, Buffer>();
  const whole = new Set<string>();
  const sent: { digest: string; place: ChunkPlace }[] = [];
  const far = {
    obstacle: (_place: ChunkPlace): void => undefined,
    async uploadStatus({ digest }: { digest: string }): Promise<UploadStatus> {
      return { offset: has.get(digest)?.length ?? 0, complete: false };
    },
    async uploadChunk({ digest }: { digest: string }, place: ChunkPlace, content: Buffer): Promise<UploadStatus> {
      if (digest === archiveDigest) far.obstacle(place);
      if (whole.has(digest)) return { offset: place.length, complete: true };
      sent.push({ digest, place });
      const before = has.get(digest) ?? Buffer.alloc(0);
      expect(place.offset).toBe(before.length);
      has.set(digest, Buffer.concat([before, content]));
      if (place.complete) whole.add(digest);
      return { offset: place.offset + content.length, complete: place.complete };
    },
  };
  const reference = {
    ...{ manifestDigest: digestOf(manifest), archiveDigest, archiveBytes, progress: 1, number: 1 },
  };
  const upload = (isWanted = () => true) =>
    uploadCheckpoint({ client: far, leaseId: "lease-1", reference, paths, isWanted });
  return { paths, far, has, sent, upload, archive, archiveDigest };
}

test("both files arrive byte for byte, in chunks", async () => {
  const { upload, has, archive, archiveDigest, sent } = checkpoint();
  expect(await upload()).toEqual({ ok: true, value: null });
  expect([...has.values()].map((bytes) => bytes.toString()).includes("a manifest")).toBe(true);
  expect(has.get(archiveDigest)?.equals(archive)).toBe(true);
  // The manifest last, or the broker had forgotten it by the time at which a long archive is there.
  expect(sent.map(({ digest }) => digest === archiveDigest)).toEqual([true, true, true, true, false]);
});

test("one that was cut off goes on later from what the broker has, and sends nothing twice", async () => {
  const { upload, far, has, archive, archiveDigest, sent } = checkpoint();
  far.obstacle = ({ offset }) => {
    if (offset === 2 * chunk) throw away();
  };
  expect(await upload()).toMatchObject({ ok: false, code: "unreachable", retriable: true });
  far.obstacle = () => undefined;
  expect(await upload()).toEqual({ ok: true, value: null });
  expect(has.get(archiveDigest)?.equals(archive)).toBe(true);
  const offsets = sent.flatMap(({ digest, place }) => (digest === archiveDigest ? [place.offset] : []));
  expect(offsets).toEqual([0, chunk, 2 * chunk, 3 * chunk]);
});

test.each([
  ["has other bytes", (path: string) => writeFileSync(path, Buffer.alloc(3 * chunk + 17, 1))],
  ["is cut short", (path: string) => truncateSync(path, chunk)],
  [
    "has one bit flipped",
    (path: string) => {
      const bytes = readFileSync(path);
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(path, bytes);
    },
  ],
])("a file that %s by now is not sent at all, and said to be damaged", async (_what, damage) => {
  const { upload, paths, sent, archiveDigest } = checkpoint();
  damage(paths.archive);
  expect(await upload()).toMatchObject({ ok: false, code: "damaged-checkpoint", retriable: false });
  expect(sent.filter(({ digest }) => digest === archiveDigest)).toEqual([]);
});

test("a file that is cut short while it is sent is found out", async () => {
  const { upload, paths, far } = checkpoint();
  far.obstacle = () => truncateSync(paths.archive, chunk + 5);
  expect(await upload()).toMatchObject({ ok: false, code: "damaged-checkpoint" });
});

test("files that are gone are no checkpoint", async () => {
  const { upload, paths } = checkpoint();
  rmSync(paths.archive);
  expect(await upload()).toMatchObject({ ok: false, code: "unknown-checkpoint", retriable: false });
});

test("one whose place a newer checkpoint took is left alone", async () => {
  const { upload, far, sent, archiveDigest } = checkpoint();
  let wanted = true;
  far.obstacle = ({ offset }) => {
    if (offset === chunk) wanted = false;
  };
  expect(await upload(() => wanted)).toMatchObject({ ok: false, code: "unknown-checkpoint" });
  expect(sent.filter(({ digest }) => digest === archiveDigest)).toHaveLength(2);
});
