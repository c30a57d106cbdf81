import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";

import { packTar, type TarEntry } from "modern-tar";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { ManifestEntry } from "../../protocol/checkpoint-manifest.ts";
import { restoreCheckpoint } from "./checkpoint.ts";
import { wipeDirectory } from "./wipe-directory.ts";

/** Checkpoints as a hostile or broken broker might send them: every digest is right, the content is not. */

let place: string;
let target: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "houseguest-restore-"));
  target = join(place, "target");
  mkdirSync(target);
});
afterEach(async () => {
  const inside = readdirSync(target);
  const around = readdirSync(place).sort();
  expect(await wipeDirectory(place)).toMatchObject({ leftCount: 0 });
  // Whatever the archive tried, it got no further than the workspace, and that is empty.
  expect(inside).toEqual([]);
  expect(around).toEqual(["archive", "manifest", "target"]);
});

const digestOf = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");
const file = (path: string, body = "x"): ManifestEntry => ({
  path,
  kind: "file",
  mode: 0o644,
  bytes: body.length,
  sha256: digestOf(body),
});
const directory = (path: string): ManifestEntry => ({ path, kind: "directory", mode: 0o755, bytes: 0 });
const symlink = (path: string, to: string): ManifestEntry => ({
  path,
  kind: "symlink",
  mode: 0o777,
  bytes: 0,
  target: to,
});
const hardlink = (path: string, to: string): ManifestEntry => ({
  path,
  kind: "hardlink",
  mode: 0o644,
  bytes: 0,
  target: to,
});
const tarOf = ({ path, kind, mode, bytes, target: linkname }: ManifestEntry, body = "x"): TarEntry => ({
  header: {
    name: path,
    type: kind === "hardlink" ? "link" : kind,
    mode,
    size: bytes,
    mtime: new Date(0),
    ...(linkname === undefined ? {} : { linkname }),
  },
  ...(kind === "file" ? { body } : {}),
});

async function restoreCrafted({
  entries,
  archive,
}: {
  entries: ManifestEntry[];
  archive?: Uint8Array;
}): Promise<unknown> {
  const bytes = archive ?? zstdCompressSync(await packTar(entries.map((entry) => tarOf(entry))));
  const manifest = JSON.stringify({
    version: 1,
    jobId: "job-1",
    epoch: 1,
    createdAt: 0,
    progress: 0,
    archiveDigest: digestOf(bytes),
    archiveBytes: bytes.length,
    entries,
    omitted: [],
  });
  writeFileSync(join(place, "archive"), bytes);
  writeFileSync(join(place, "manifest"), manifest);
  return await restoreCheckpoint({
    manifestPath: join(place, "manifest"),
    archivePath: join(place, "archive"),
    workspace: target,
    expected: {
      manifestDigest: digestOf(manifest),
      archiveDigest: digestOf(bytes),
      archiveBytes: bytes.length,
      progress: 0,
    },
  });
}

describe("a manifest is refused that", () => {
  test.each<[string, ManifestEntry[]]>([
    ["climbs out", [file("../escaped")]],
    ["climbs out further down", [directory("a"), directory("a/.."), file("a/../../escaped")]],
    ["is absolute", [file("/tmp/houseguest-escaped")]],
    ["climbs out in an escape", [file("\\x2e\\x2e/escaped")]],
    ["hides a slash in an escape", [file("..\\x2fescaped")]],
    ["holds a NUL", [file("a\\x00b")]],
    ["goes through a symlink", [symlink("link", ".."), file("link/escaped")]],
    ["goes through a file", [file("a"), file("a/b")]],
    ["names a parent that comes later", [file("a/b"), directory("a")]],
    ["names a path twice", [symlink("a", "../escaped"), file("a")]],
    ["links to what comes later", [hardlink("a", "b"), file("b")]],
    ["links to what is not in it", [hardlink("a", "../escaped"), file("b")]],
    ["links to a directory", [directory("a"), hardlink("b", "a")]],
    ["links to a link", [file("a"), hardlink("b", "a"), hardlink("c", "b")]],
    ["promises more than a checkpoint may hold in a sparse file", [{ ...file("a"), storedBytes: 2 ** 40 }]],
    ["has a file without a digest", [{ path: "a", kind: "file", mode: 0o644, bytes: 1 }]],
    ["promises more than a checkpoint may hold", [{ ...file("a"), bytes: 2 ** 40 }]],
  ])("%s", async (_, entries) => {
    await expect(restoreCrafted({ entries, archive: Buffer.from("unread") })).rejects.toMatchObject({
      code: "manifest-broken",
    });
  });
});

describe("an archive is refused that", () => {
  const entries = [directory("a"), file("a/b")];
  const packed = async (parts: TarEntry[]): Promise<Buffer> => zstdCompressSync(await packTar(parts));

  test("is not compressed as it should be", async () => {
    await expect(restoreCrafted({ entries, archive: Buffer.from("no zstd at all") })).rejects.toMatchObject({
      code: "archive-broken",
    });
  });

  test("is cut off inside the compression", async () => {
    const whole = await packed(entries.map((entry) => tarOf(entry)));
    await expect(restoreCrafted({ entries, archive: whole.subarray(0, -8) })).rejects.toMatchObject({
      code: "archive-broken",
    });
  });

  test("is cut off inside the tar", async () => {
    const tar = await packTar(entries.map((entry) => tarOf(entry)));
    for (const length of [100, 512, 1_030, 1_600]) {
      await expect(
        restoreCrafted({ entries, archive: zstdCompressSync(tar.subarray(0, length)) }),
      ).rejects.toMatchObject({
        code: "archive-broken",
      });
    }
  });

  test("holds more, less or other than its manifest", async () => {
    const [a, b] = entries as [ManifestEntry, ManifestEntry];
    const others: TarEntry[][] = [
      [tarOf(a)],
      [tarOf(a), tarOf(b), tarOf(file("c"))],
      [tarOf(b), tarOf(a)],
      [tarOf(a), { ...tarOf(b), header: { ...tarOf(b).header, name: "../escaped" } }],
      [tarOf(a), { ...tarOf(b), header: { ...tarOf(b).header, mode: 0o4777 } }],
      [tarOf(a), { header: { name: "a/b", type: "link", size: 0, linkname: "/etc/passwd" } }],
    ];
    for (const parts of others) {
      await expect(restoreCrafted({ entries, archive: await packed(parts) })).rejects.toMatchObject({
        code: "archive-broken",
      });
    }
  });

  test("holds another content than the manifest's digest", async () => {
    const [a, b] = entries as [ManifestEntry, ManifestEntry];
    await expect(restoreCrafted({ entries, archive: await packed([tarOf(a), tarOf(b, "y")]) })).rejects.toMatchObject({
      code: "digest-mismatch",
    });
  });

  /** One sparse file of 8192 bytes, whose content in the archive is this. */
  const sparse = async (content: Buffer): Promise<unknown> => {
    const entry: ManifestEntry = {
      path: "a",
      kind: "file",
      mode: 0o644,
      bytes: 8_192,
      storedBytes: content.length,
      sha256: digestOf(content),
    };
    const pax = { "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "8192" };
    const header = { name: "a", mode: 0o644, size: content.length, mtime: new Date(0), pax };
    return await restoreCrafted({ entries: [entry], archive: await packed([{ header, body: content }]) });
  };
  const map = (text: string): Buffer => Buffer.concat([Buffer.from(text), Buffer.alloc(512 - text.length)]);

  test.each<[string, Buffer]>([
    ["writes beyond the end", Buffer.concat([map("1\n8000\n512\n"), Buffer.alloc(512, 1)])],
    ["writes backwards", Buffer.concat([map("2\n4096\n1\n0\n1\n"), Buffer.alloc(2, 1)])],
    ["writes twice in one place", Buffer.concat([map("2\n0\n512\n511\n1\n"), Buffer.alloc(513, 1)])],
    ["has more data than its map", Buffer.concat([map("1\n0\n1\n"), Buffer.alloc(2, 1)])],
    ["has less data than its map", Buffer.concat([map("1\n0\n3\n"), Buffer.alloc(2, 1)])],
    ["ends in its map", Buffer.from("2\n0\n1\n")],
    ["has no map", Buffer.alloc(1_024, 1)],
    ["has an empty number in its map", map("1\n\n1\n")],
    ["has a negative number in its map", map("1\n-1\n1\n")],
    ["has a number without an end in its map", map("1\n0\n00000000000000000000001\n")],
    ["has more extents than any content", map("9999999999\n0\n0\n")],
    ["hides something behind its map", Buffer.concat([map("1\n0\n0\n").subarray(0, 511), Buffer.from("x")])],
  ])("has a sparse file that %s", async (_, content) => {
    await expect(sparse(content)).rejects.toMatchObject({ code: "archive-broken" });
  });

  test("says of a sparse file that it is another size than its manifest", async () => {
    const content = map("1\n8192\n0\n");
    const entry: ManifestEntry = { ...file("a"), bytes: 4_096, storedBytes: content.length, sha256: digestOf(content) };
    const pax = { "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "8192" };
    const header = { name: "a", mode: 0o644, size: content.length, mtime: new Date(0), pax };
    const archive = await packed([{ header, body: content }]);
    await expect(restoreCrafted({ entries: [entry], archive })).rejects.toMatchObject({ code: "archive-broken" });
  });
});
