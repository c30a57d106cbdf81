import { readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

import { routes } from "../../../protocol/routes.ts";
import { chunkFields, chunkType } from "../../../protocol/uploads.ts";
import { directoryBlobStore } from "../../io/blobs/directory-blob-store.ts";
import { LiveBroker, temporaryDirectory } from "../live-broker.ts";
import { type RawAnswer, rawBytes, rawRequest } from "../raw-request.ts";
import { digestOf } from "../signing-client.ts";
import { code, holder } from "./callers.ts";
import type { Promises } from "./promises.ts";

/** Where a checkpoint's files lie, and what counts as one. */
export const checkpointsPromises: Promises = {
  async "The names of a checkpoint's files are digests and lease ids, and reach nothing outside its store."() {
    const root = temporaryDirectory();
    const live = await LiveBroker.start({ directory: join(root, "data") });
    const { agent, leaseId } = await holder(live);
    const kept = Buffer.from("what may be read");
    expect((await agent.upload(leaseId, kept)).status).toBe(204);
    const baits = layBaits(root);
    const before = treeOf(root);
    const ask = async (path: string) =>
      await rawRequest(live.url, rawBytes("GET", path, { headers: agent.headers("GET", path) }));
    const put = async (path: string) => {
      const body = Buffer.from("written from afar");
      const fields = chunkFields({ offset: 0, length: body.length, complete: true });
      const headers = { ...agent.headers("PATCH", path, { body }), ...fields, "content-type": chunkType };
      return await rawRequest(live.url, rawBytes("PATCH", path, { headers, body }));
    };
    // The way leads there: what is the broker's own is read and written over it.
    const own = await ask(routes.blob(digestOf(kept)));
    expect([own.status, own.body]).toEqual([200, kept]);
    expect((await put(routes.upload(leaseId, digestOf(Buffer.from("written from afar"))))).status).toBe(204);
    const allowed = treeOf(root);
    const digest = digestOf(kept);
    const statuses = new Map<number, number>();
    const refused = async (path: string, asked: Promise<RawAnswer>) => {
      const { status, body } = await asked;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      expect([path, [400, 404].includes(status)]).toEqual([path, true]);
      expect(body.toString("latin1")).not.toMatch(new RegExp(`${baitContent}|SQLite format|root:x:0`));
    };
    for (const name of escapes(root, digest)) {
      await refused(name, ask(`${routes.blob("")}${name}`));
      await refused(name, put(routes.upload(leaseId, name)));
      await refused(name, put(routes.upload(name, digest)));
    }
    // Both of them: what no route is for, and what its schema refuses once the signature was proved.
    expect([...statuses.keys()].sort((a, b) => a - b)).toEqual([400, 404]);
    expect(Math.min(...statuses.values())).toBeGreaterThan(10);
    expect(treeOf(root)).toEqual(allowed);
    const changed = allowed.filter((line) => !before.includes(line)).map((line) => line.split(" ")[0]);
    const blobs = "data/checkpoints/blobs";
    const written = `${blobs}/${digestOf(Buffer.from("written from afar"))}`;
    expect(changed).toEqual([blobs, written, "data/checkpoints/incoming"]);
    // A read shows in their times, unless the file system keeps none (noatime): then what was answered is all there is.
    expect(baits.filter(wasRead)).toEqual([]);
  },
  async "A checkpoint counts only if it has the digest of its address, and the store has a size cap."() {
    const live = await LiveBroker.start({ directory: temporaryDirectory() });
    const { agent, leaseId } = await holder(live);
    const content = Buffer.from("another content");
    const digest = digestOf(Buffer.from("what was promised"));
    expect(code(await agent.upload(leaseId, content, { digest }))).toBe("digest-mismatch");
    expect((await agent.send("GET", routes.blob(digest))).status).toBe(404);
    const small = await directoryBlobStore(temporaryDirectory(), { bytesMax: 10 });
    const key = { agentId: agent.agentId, leaseId, digest };
    const full = { problem: { code: "full" } };
    await expect(small.append(key, { offset: 0, content })).rejects.toMatchObject(full);
  },
};

const baitContent = "nobody is to read this";
const longAgo = new Date("2001-01-01T00:00:00Z");

/** Files outside of the checkpoints' store, at every height above it. */
function layBaits(root: string): string[] {
  const paths = ["", "data", "data/checkpoints"].map((directory) => join(root, directory, "bait"));
  for (const path of paths) {
    writeFileSync(path, baitContent);
    // A first read moves the time, also where later ones do not (mount(8), relatime).
    utimesSync(path, longAgo, new Date());
  }
  return paths;
}

function wasRead(path: string): boolean {
  return statSync(path).atime.getTime() !== longAgo.getTime();
}

/** Every file below, with its size and when it was written; but for the records' own, which change with every request. */
function treeOf(root: string): string[] {
  const names = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => !/broker\.sqlite/.test(name));
  return names.sort().flatMap((name) => {
    const { mtimeMs, size } = statSync(join(root, name));
    // A directory says by its time that something in it came or went.
    return [`${name} ${size} ${mtimeMs}`];
  });
}

/** Names that lead out of a directory where somebody takes them for paths. */
function escapes(root: string, digest: string): string[] {
  const ups = [1, 2, 3].flatMap((height) => {
    const slashes = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "%2E%2E%2F", ".%2e%2f", "..%5c", "..\\", "....//", "..;/"];
    const encodedTwice = ["%252e%252e%252f", "..%252f", "%c0%ae%c0%ae%c0%af", "%u002e%u002e%u2215"];
    return [...slashes, ...encodedTwice].map((up) => up.repeat(height));
  });
  const named = ups.flatMap((up) => [
    `${up}bait`,
    `${up}bait%00`,
    `${up}bait%00${digest}`,
    `${digest}%2f${up}..%2fbait`,
  ]);
  const absolute = [join(root, "bait"), "/etc/passwd"].flatMap((path) => [
    path,
    encodeURIComponent(path),
    `%2f${path}`,
  ]);
  const odd = [
    ".",
    "..",
    "%2e",
    "%00",
    "",
    `${digest}/`,
    `${digest}%2f`,
    `${digest}%00`,
    digest.toUpperCase(),
    `${digest}0`,
  ];
  return [...named, ...absolute, ...odd].filter((name) => name !== "");
}
