import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { limits } from "../../../foundation/limits.ts";
import { routes } from "../../../protocol/routes.ts";
import { uploadFields } from "../../../protocol/uploads.ts";
import { LiveBroker, temporaryDirectory } from "../../testing/live-broker.ts";
import { type Answer, digestOf, type SigningClient, statusOf } from "../../testing/signing-client.ts";

const content = Buffer.from("0123456789");

/** An agent with a lease, at a broker that keeps its data in a directory. */
async function holder({ directory = temporaryDirectory() } = {}) {
  const live = await LiveBroker.start({ directory });
  await live.submit();
  const agent = await live.agent();
  const [offer] = (await agent.heartbeat()).body.offers;
  const lease = offer as { leaseId: string; jobId: string; epoch: number };
  const { leaseId, epoch } = lease;
  await agent.post(routes.leaseAction(leaseId, "accept"), { epoch });
  return { live, agent, leaseId, epoch, directory, lease };
}

function told({ status, headers }: Answer): [number, string | null, string | null] {
  return [status, headers.get(uploadFields.offset), headers.get(uploadFields.complete)];
}

async function ask(agent: SigningClient, leaseId: string, whole = content) {
  return await agent.send("HEAD", routes.upload(leaseId, digestOf(whole)));
}

const refused = ({ status, body }: Answer): [number, string] => [status, body.code];
const incoming = (directory: string): string => join(directory, "checkpoints", "incoming");

describe("an upload", () => {
  test("is appended to at exactly the offset that there is, and says that offset otherwise", async () => {
    const { agent, leaseId } = await holder();
    expect(told(await ask(agent, leaseId))).toEqual([204, "0", "?0"]);
    expect(told(await agent.upload(leaseId, content, { to: 4 }))).toEqual([204, "4", "?0"]);
    expect(told(await ask(agent, leaseId))).toEqual([204, "4", "?0"]);
    for (const from of [0, 3, 5]) {
      const elsewhere = await agent.upload(leaseId, content, { from, to: 8 });
      expect(refused(elsewhere)).toEqual([409, "offset-mismatch"]);
      expect([elsewhere.body.expectedOffset, elsewhere.headers.get(uploadFields.offset)]).toEqual([4, "4"]);
    }
    expect(told(await agent.upload(leaseId, content, { from: 4, to: 8 }))).toEqual([204, "8", "?0"]);
    expect(told(await agent.upload(leaseId, content, { from: 8 }))).toEqual([204, "10", "?1"]);
    // The answer may have been lost: a repeat of the last chunk, or of any other, hears the same.
    for (const from of [0, 4, 8])
      expect(told(await agent.upload(leaseId, content, { from }))).toEqual([204, "10", "?1"]);
    const head = await ask(agent, leaseId);
    expect(told(head)).toEqual([204, "10", "?1"]);
    expect(head.headers.get("upload-limit")).toBe("max-size=268435456, max-append-size=1048576");
    const stored = await agent.send("GET", routes.blob(digestOf(content)));
    expect([stored.status, stored.bytes]).toEqual([200, content]);
  });

  test("of no bytes at all is one empty chunk", async () => {
    const { agent, leaseId } = await holder();
    expect(told(await agent.upload(leaseId, Buffer.alloc(0)))).toEqual([204, "0", "?1"]);
  });

  test("that has not the digest of its address is thrown away, and may begin anew", async () => {
    const { agent, leaseId, directory } = await holder();
    const other = Buffer.from("0123456x89");
    await agent.upload(leaseId, other, { to: 4, digest: digestOf(content) });
    const wrong = await agent.upload(leaseId, other, { from: 4, digest: digestOf(content) });
    expect(refused(wrong)).toEqual([400, "digest-mismatch"]);
    expect((await agent.send("GET", routes.blob(digestOf(content)))).status).toBe(404);
    expect(told(await ask(agent, leaseId))).toEqual([204, "0", "?0"]);
    expect(told(await agent.upload(leaseId, content))).toEqual([204, "10", "?1"]);
    expect(readdirSync(incoming(directory))).toEqual([]);
  });

  test("takes no chunk that is not what was signed for, too large, of another whole, or without its place", async () => {
    const { agent, leaseId } = await holder();
    const swapped = await agent.upload(leaseId, content, { bodySent: Buffer.from("0123456x89") });
    expect(refused(swapped)).toEqual([400, "digest-mismatch"]);
    const large = Buffer.alloc(limits.uploadChunkBytesMax + 1);
    expect(refused(await agent.upload(leaseId, large))).toEqual([413, "too-large"]);
    const withField = (name: string, value: string) => ({
      headers: (headers: Record<string, string>) => ({ ...headers, [name]: value }),
    });
    const huge = withField(uploadFields.length, String(limits.checkpointBytesMax + 1));
    expect(refused(await agent.upload(leaseId, content, { ...huge, to: 4 }))).toEqual([413, "too-large"]);
    for (const nonsense of [
      withField(uploadFields.offset, "-1"),
      withField(uploadFields.complete, "yes"),
      withField(uploadFields.length, "9"),
      withField(uploadFields.complete, "?0"),
      { contentType: "application/octet-stream" },
    ]) {
      const { status, body } = await agent.upload(leaseId, content, nonsense);
      expect([status, body.code]).toEqual([400, "bad-request"]);
    }
    await agent.upload(leaseId, content, { to: 4 });
    const longer = { ...withField(uploadFields.length, "11"), from: 4, to: 8 };
    expect(refused(await agent.upload(leaseId, content, longer))).toEqual([400, "bad-request"]);
    expect(told(await ask(agent, leaseId))).toEqual([204, "4", "?0"]);
    expect((await fetch(agent.url + routes.upload(leaseId, digestOf(content)), { method: "HEAD" })).status).toBe(401);
  });

  test("is the holder's alone, and goes when its lease ends", async () => {
    const { live, agent, leaseId, epoch, directory } = await holder();
    const stranger = await live.agent();
    expect(refused(await stranger.upload(leaseId, content, { to: 4 }))).toEqual([409, "fenced"]);
    await agent.upload(leaseId, content, { to: 4 });
    expect(readdirSync(incoming(directory))).toHaveLength(1);
    const done = { epoch, outcome: "completed", exitCode: 0, progress: 1 };
    expect((await agent.post(routes.leaseAction(leaseId, "complete"), done)).status).toBe(200);
    await expect.poll(() => readdirSync(incoming(directory))).toEqual([]);
    expect(refused(await agent.upload(leaseId, content, { from: 4 }))).toEqual([409, "fenced"]);
  });

  test("of several chunks at once is not mixed up", async () => {
    const { agent, leaseId } = await holder();
    const whole = randomBytes(3 * limits.uploadChunkBytesMax + 5);
    for (let from = 0; from < whole.length; from += limits.uploadChunkBytesMax) {
      const to = Math.min(whole.length, from + limits.uploadChunkBytesMax);
      // A client that takes the first for dead sends it again.
      const answers = await Promise.all([1, 2].map(async () => await agent.upload(leaseId, whole, { from, to })));
      const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
      expect(statuses).toEqual(to === whole.length ? [204, 204] : [204, 409]);
    }
    const stored = await agent.send("GET", routes.blob(digestOf(whole)));
    expect(stored.bytes.equals(whole)).toBe(true);
  });
});

describe("after a restart of the broker an upload", () => {
  async function restarted(damage: (file: string) => void = () => undefined) {
    const before = await holder();
    const { live, agent, leaseId, lease, directory } = before;
    await agent.upload(leaseId, content, { to: 6 });
    await live.broker.close();
    const [name] = readdirSync(incoming(directory));
    damage(join(incoming(directory), name!));
    live.clock.advance(1_000);
    const after = await LiveBroker.start({ directory, clock: live.clock, port: Number(new URL(live.url).port) });
    live.clock.advance(1_000);
    await agent.heartbeat({ state: "Working", slotsFree: 0, leases: [statusOf(lease)] });
    return { ...before, live: after, file: join(incoming(directory), name!) };
  }

  test("goes on from where it was", async () => {
    const { agent, leaseId } = await restarted();
    expect(told(await ask(agent, leaseId))).toEqual([204, "6", "?0"]);
    expect(told(await agent.upload(leaseId, content, { from: 6 }))).toEqual([204, "10", "?1"]);
  });

  test("goes on from what there is, when the last writes were lost", async () => {
    const { agent, leaseId } = await restarted((file) => truncateSync(file, 3));
    expect(refused(await agent.upload(leaseId, content, { from: 6 }))).toEqual([409, "offset-mismatch"]);
    expect(told(await agent.upload(leaseId, content, { from: 3 }))).toEqual([204, "10", "?1"]);
  });

  test("that was damaged meanwhile never counts", async () => {
    const { agent, leaseId } = await restarted((file) => writeFileSync(file, "0123x5"));
    expect(refused(await agent.upload(leaseId, content, { from: 6 }))).toEqual([400, "digest-mismatch"]);
    expect(told(await ask(agent, leaseId))).toEqual([204, "0", "?0"]);
  });

  test("whose file was lost under the running broker begins anew", async () => {
    const { agent, leaseId, file } = await restarted();
    truncateSync(file, 0);
    const gone = await agent.upload(leaseId, content, { from: 6 });
    expect([...refused(gone), gone.body.expectedOffset]).toEqual([409, "offset-mismatch", 0]);
    expect(told(await agent.upload(leaseId, content))).toEqual([204, "10", "?1"]);
  });

  test("of which nothing is heard goes after the life of a lease", async () => {
    const { agent, live, leaseId, lease, file } = await restarted();
    const { leaseTtlMs } = live.broker.service.state.timing;
    expect(existsSync(file)).toBe(true);
    live.clock.advance(leaseTtlMs - 2_000);
    await agent.heartbeat({ state: "Working", slotsFree: 0, leases: [statusOf(lease)] });
    expect(existsSync(file)).toBe(true);
    live.clock.advance(2_000);
    await expect.poll(() => existsSync(file)).toBe(false);
    expect(told(await ask(agent, leaseId))).toEqual([204, "0", "?0"]);
  });
});
