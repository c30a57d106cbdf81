import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";

import { limits } from "../foundation/limits.ts";
import { payloadTypes } from "../protocol/federation.ts";
import { routes } from "../protocol/routes.ts";
import { chunkFields, chunkType } from "../protocol/uploads.ts";
import { brokerLimits } from "./core/broker-limits.ts";
import { directoryBlobStore } from "./io/blobs/directory-blob-store.ts";
import { type BrokerKey, seal, settleBrokerKey } from "./io/federation/envelopes.ts";
import { memoryStore } from "./io/stores/memory-store.ts";
import { routeDescriptions } from "./io/operations/route-descriptions.ts";
import { LiveBroker, temporaryDirectory } from "./testing/live-broker.ts";
import { type RawAnswer, rawBytes, rawRequest } from "./testing/raw-request.ts";
import { run, serve, stop } from "./testing/served-broker.ts";
import { type Answer, type SigningClient, digestOf } from "./testing/signing-client.ts";

const code = ({ status, body }: Pick<Answer, "status" | "body">): string => (status < 300 ? "ok" : body.code);

async function createToken(live: LiveBroker, expiresInMs = 60_000): Promise<{ joinToken: string; tokenId: string }> {
  return (await live.call("POST", routes.joinTokens, { expiresInMs })).body;
}

/** A request whose headers are not fetch's to choose. */
async function rawCall(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const call = request(url, { headers });
  call.end();
  return await new Promise((resolve, reject) => {
    call.on("error", reject).on("response", (response) => {
      response.resume();
      resolve(response.statusCode);
    });
  });
}

/** An agent with a lease, whose uploads are taken. */
async function holder(live: LiveBroker): Promise<{ agent: SigningClient; leaseId: string }> {
  await live.submit();
  const agent = await live.agent();
  const [{ leaseId, epoch }] = (await agent.heartbeat()).body.offers;
  expect((await agent.post(routes.leaseAction(leaseId, "accept"), { epoch })).status).toBe(200);
  return { agent, leaseId };
}

/** An invitation of it, and what another broker does that has it; answers are codes. */
async function invited(live: LiveBroker) {
  const { invitation } = (await live.call("POST", routes.connections, { name: "hub" })).body;
  const { connectionId, secret } = JSON.parse(Buffer.from(invitation, "base64url").toString("utf8"));
  const post = async (path: string, body: unknown): Promise<string> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(live.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    return code({ status: response.status, body: await response.json() });
  };
  const joinAs = async (
    { publicKey: hubKey, ...key }: BrokerKey,
    { sealedBy = { publicKey: hubKey, ...key } } = {},
  ) => {
    const payload = { connectionId, secret, hubKey, hubName: "hub", issuedAt: live.clock.nowMs() };
    return await post(routes.federationJoin, seal(payloadTypes.join, payload, sealedBy));
  };
  return { connectionId: String(connectionId), secret: String(secret), post, join: joinAs };
}

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

/** docs/security.md lists exactly these. */
const promises: Readonly<Record<string, () => Promise<void>>> = {
  async "A join token that was made for one agent lets one key in, and no other."() {
    const directory = temporaryDirectory();
    const live = await LiveBroker.start({ directory });
    const { joinToken, tokenId } = await createToken(live);
    const contenders = Array.from({ length: 8 }, () => live.stranger());
    const answers = await Promise.all(contenders.map(async (agent) => code(await agent.enrol(joinToken))));
    expect(answers.filter((answer) => answer === "ok")).toHaveLength(1);
    expect(new Set(answers)).toEqual(new Set(["ok", "bad-join-token"]));
    const winner = contenders[answers.indexOf("ok")]!;
    expect(code(await winner.enrol(joinToken))).toBe("ok");
    await live.broker.close();
    const again = await LiveBroker.start({ directory, clock: live.clock });
    live.clock.advance(1_000);
    expect(code(await again.stranger().enrol(joinToken))).toBe("bad-join-token");
    const { joinTokens } = (await again.call("GET", routes.joinTokens)).body;
    expect(joinTokens).toMatchObject([{ tokenId, usedBy: winner.agentId }]);
  },
  async "A join token lets nobody in once it has expired or was revoked."() {
    const live = await LiveBroker.start();
    const [expired, revoked, good] = [await createToken(live, 1_000), await createToken(live), await createToken(live)];
    expect((await live.call("DELETE", routes.joinToken(revoked.tokenId))).status).toBe(200);
    live.clock.advance(1_000);
    for (const { joinToken } of [expired, revoked]) {
      expect(code(await live.stranger().enrol(joinToken))).toBe("bad-join-token");
    }
    expect(code(await live.stranger().enrol(good.joinToken))).toBe("ok");
  },
  async "Join tokens for one agent are kept as digests."() {
    const directory = temporaryDirectory();
    const live = await LiveBroker.start({ directory });
    const { joinToken, tokenId } = await createToken(live);
    await live.broker.close();
    const kept = readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => readFileSync(join(directory, name), "latin1"))
      .join("\n");
    expect(kept).toContain(tokenId);
    expect(kept).not.toContain(joinToken);
  },
  async "With single-use tokens only, no other token lets anybody in."() {
    const live = await LiveBroker.start({ singleUseTokensOnly: true });
    expect(live.broker.joinToken).toBe("");
    for (const token of ["welcome", "null", "undefined", live.broker.operatorToken]) {
      expect(code(await live.stranger().enrol(token))).toBe("bad-join-token");
    }
    expect(code(await live.stranger().enrol((await createToken(live)).joinToken))).toBe("ok");
  },
  async "An agent is let in only with proof that it has the key that it brings."() {
    const live = await LiveBroker.start();
    const [thief, victim] = [live.stranger(), live.stranger()];
    const { joinToken } = live.broker;
    const stolen = { joinToken, publicKey: victim.publicKey, slots: 1, revocation: victim.revocation() };
    expect(code(await thief.post(routes.enrol, stolen))).toBe("bad-signature");
    expect(code(await thief.post(routes.enrol, stolen, { agentId: victim.agentId }))).toBe("bad-signature");
    expect(live.broker.service.state.agents.size).toBe(0);
  },
  async "Jobs, agents, executions, federation, tokens and faults are the operator's alone."() {
    const live = await LiveBroker.start({ faults: true });
    const agent = await live.agent();
    const operators = Object.entries(routeDescriptions).filter(([, { access }]) => access === "operator");
    expect(operators.length).toBeGreaterThan(10);
    for (const [route] of operators) {
      const [method = "", path = ""] = route.split(" ");
      const url = path.replace(":agentId", agent.agentId).replaceAll(/:\w+/g, "job-x-1");
      // Not without a token, and not with an agent's signature.
      const plain = await fetch(live.url + url, { method });
      const signed = await fetch(live.url + url, { method, headers: agent.headers(method, url) });
      expect([route, plain.status, signed.status]).toEqual([route, 401, 401]);
    }
  },
  async "What a broker left of its operator's token for its own user's commands they send to that broker alone, while it lives."() {
    const environment = { XDG_STATE_HOME: temporaryDirectory() };
    const served = await serve([], environment);
    const asked = async () => await run(["jobs"], { ...environment, HOUSEGUEST_BROKER: served.url });
    expect((await asked()).code).toBe(0);
    await stop(served, "SIGKILL");
    const heard: (string | undefined)[] = [];
    const thief = createServer(({ headers }, response) => {
      heard.push(headers.authorization);
      response.end();
    });
    onTestFinished(async () => void (await new Promise((resolve) => thief.close(resolve))));
    await new Promise<void>((resolve) => thief.listen(Number(new URL(served.url).port), "127.0.0.1", resolve));
    const refused = await asked();
    expect([refused.code, ...heard]).toEqual([1, undefined]);
    expect(refused.stderr).toContain("is no broker");
  },
  async "A signature is good for one instance, one method, one path and one body."() {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    const body = Buffer.from(JSON.stringify({ reason: "signed" }));
    const headers = () => ({ ...agent.headers("POST", routes.resumed, { body }), "content-type": "application/json" });
    const send = async (path: string, more: Record<string, string> = {}, sent = body, method = "POST") => {
      const response = await fetch(live.url + path, {
        method,
        headers: { ...headers(), ...more },
        ...(method === "GET" ? {} : { body: new Uint8Array(sent) }),
      });
      return code({ status: response.status, body: await response.json() });
    };
    expect(await send(routes.resumed)).toBe("ok");
    expect(await send(routes.resumed, { "houseguest-instance": "00000000-0000-4000-8000-000000000009" })).toBe(
      "bad-signature",
    );
    expect(await send(routes.paused)).toBe("bad-signature");
    expect(await send(routes.events, { accept: "text/event-stream" }, body, "GET")).toBe("bad-signature");
    expect(await send(routes.resumed, {}, Buffer.from(JSON.stringify({ reason: "forged" })))).toBe("digest-mismatch");
  },
  async "A signature counts once, and only close to the broker's time."() {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    const nonce = "n".repeat(22);
    const message = { reason: "test" };
    expect(code(await agent.post(routes.resumed, message, { nonce }))).toBe("ok");
    expect(code(await agent.post(routes.resumed, message, { nonce }))).toBe("replayed");
    const nowS = Math.floor(live.clock.nowMs() / 1_000);
    for (const offS of [-302, 302]) {
      expect(code(await agent.post(routes.resumed, message, { createdS: nowS + offS }))).toBe("stale-signature");
    }
  },
  async "What was signed before a restart is not taken after it."() {
    const directory = temporaryDirectory();
    const live = await LiveBroker.start({ directory });
    const port = Number(new URL(live.url).port);
    const message = { reason: "test" };
    // One whose clock is right, one that is a little ahead, and one as far as the broker bears.
    const agents = [await live.agent(), await live.agent({ aheadMs: 700 }), await live.agent({ aheadMs: 299_000 })];
    const [right, ...ahead] = agents;
    for (const agent of agents) expect(code(await agent.post(routes.resumed, message))).toBe("ok");
    const restart = async (): Promise<void> => {
      await broker.close();
      ({ broker } = await LiveBroker.start({ directory, clock: live.clock, port }));
    };
    let { broker } = live;
    // In the very second, in every one of those that follow, and after another restart.
    await restart();
    const replays = async () => await Promise.all(agents.map(async (agent) => code(await agent.replay())));
    for (let second = 0; second < 300; second += 10) {
      expect([second, ...(await replays())]).toEqual([second, ...agents.map(() => "stale-signature")]);
      live.clock.advance(10_000);
      if (second === 150) await restart();
    }
    // Signed anew they are taken: at once where the clock is right, or once the others' have gone by.
    await restart();
    live.clock.advance(1_000);
    expect(code(await right!.post(routes.resumed, message))).toBe("ok");
    live.clock.advance(320_000);
    for (const agent of ahead) expect(code(await agent.post(routes.resumed, message))).toBe("ok");
  },
  async "A revoked key is refused for good, after a restart too."() {
    const directory = temporaryDirectory();
    const live = await LiveBroker.start({ directory });
    const agent = await live.agent();
    const { port } = new URL(live.url);
    await agent.post(routes.withdraw, { handedBack: [], revocation: agent.revocation() });
    expect(code(await agent.heartbeat())).toBe("revoked");
    expect(code(await agent.enrol(live.broker.joinToken))).toBe("revoked");
    await live.broker.close();
    const again = await LiveBroker.start({ directory, clock: live.clock, port: Number(port) });
    live.clock.advance(1_000);
    expect(code(await agent.heartbeat())).toBe("revoked");
    expect(code(await agent.enrol(again.broker.joinToken))).toBe("revoked");
  },
  async "An invitation lets one hub in, which has proved its key, and is kept as a digest."() {
    const directory = temporaryDirectory();
    const live = await LiveBroker.start({ directory });
    const { secret, join: joinAs } = await invited(live);
    const [hub, thief] = [await settleBrokerKey(memoryStore()), await settleBrokerKey(memoryStore())];
    expect(await joinAs(hub, { sealedBy: thief })).toBe("bad-signature");
    expect(await joinAs(hub)).toBe("ok");
    expect(await joinAs(thief)).toBe("invitation-used");
    await live.broker.close();
    const kept = readFileSync(join(directory, "broker.sqlite"), "latin1");
    expect(kept).toContain(hub.publicKey);
    expect(kept).not.toContain(secret);
  },
  async "A command is carried out once, and only as its connection's hub has signed it."() {
    const live = await LiveBroker.start({ agentCommand: ["/bin/true"] });
    const { connectionId, join: joinAs, post } = await invited(live);
    const [hub, thief] = [await settleBrokerKey(memoryStore()), await settleBrokerKey(memoryStore())];
    expect(await joinAs(hub)).toBe("ok");
    const nowMs = live.clock.nowMs();
    const command = {
      ...{ type: "COMMAND", connectionId, issuedAt: nowMs, expiresAt: nowMs + 10_000, nonce: "n".repeat(22) },
      ...{ commandId: randomUUID(), correlationId: randomUUID() },
      action: { do: "spawn", spec: { slots: 1, sandbox: "process" } },
    };
    const send = async (sealed: unknown) => await post(routes.federationCommands, sealed);
    expect(await send(seal(payloadTypes.command, command, thief))).toBe("bad-signature");
    expect(live.broker.service.state.executions.size).toBe(0);
    const envelope = seal(payloadTypes.command, command, hub);
    expect([await send(envelope), await send(envelope)]).toEqual(["ok", "replayed"]);
    expect(live.broker.service.state.executions.size).toBe(1);
  },
  async "A body beyond its limit is refused."() {
    const live = await LiveBroker.start();
    const { agent, leaseId } = await holder(live);
    const reason = "x".repeat(limits.messageBytesMax);
    expect(code(await agent.post(routes.resumed, { reason }))).toBe("too-large");
    expect(code(await live.call("POST", routes.jobs, { jobs: [{ command: [reason] }] }))).toBe("too-large");
    const { post } = await invited(live);
    const payload = "x".repeat(brokerLimits.envelopeBytesMax);
    expect(await post(routes.federationCommands, { payload })).toBe("too-large");
    const chunk = Buffer.alloc(limits.uploadChunkBytesMax + 1);
    expect(code(await agent.upload(leaseId, chunk))).toBe("too-large");
  },
  async "Whoever guesses tokens has to slow down."() {
    const live = await LiveBroker.start({ rateLimits: { guessesMax: 5 } });
    const known = await live.agent();
    const answers = [];
    for (let guess = 0; guess < 8; guess += 1) answers.push(code(await live.stranger().enrol(`guess ${guess}`)));
    expect(answers.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => "bad-join-token"));
    expect(answers.slice(-2)).toEqual(["rate-limited", "rate-limited"]);
    // A right guess would not be told from a wrong one.
    expect(code(await live.stranger().enrol(live.broker.joinToken))).toBe("rate-limited");
    expect((await live.call("GET", routes.jobs)).status).toBe(429);
    // Whoever guesses nothing is not in the way.
    expect(code(await known.heartbeat())).toBe("ok");
    // Nor does a page that asks without any token keep others out.
    const other = await LiveBroker.start({ rateLimits: { guessesMax: 5 } });
    for (let asked = 0; asked < 8; asked += 1) expect((await fetch(other.url + routes.jobs)).status).toBe(401);
    expect((await other.call("GET", routes.jobs)).status).toBe(200);
  },
  async "Behind a proxy that is named, whoever guesses is told from others by the address that it gives; nobody else's word counts for that."() {
    const guess = async (live: LiveBroker, forwarded: string) => {
      const headers = { authorization: "Bearer a-guess", "x-forwarded-for": forwarded };
      return (await fetch(live.url + routes.jobs, { headers })).status;
    };
    const named = await LiveBroker.start({ rateLimits: { guessesMax: 3 }, trustProxy: ["127.0.0.0/8"] });
    for (let call = 0; call < 3; call += 1) expect(await guess(named, `192.0.2.${call}, 198.51.100.1`)).toBe(401);
    expect(await guess(named, "192.0.2.9, 198.51.100.1")).toBe(429);
    expect(await guess(named, "198.51.100.2")).toBe(401);
    expect((await named.call("GET", routes.jobs)).status).toBe(200);
    for (const trustProxy of [[], ["203.0.113.1"]]) {
      const other = await LiveBroker.start({ rateLimits: { guessesMax: 3 }, trustProxy });
      for (let call = 0; call < 3; call += 1) expect(await guess(other, `198.51.100.${call}`)).toBe(401);
      expect(await guess(other, "198.51.100.9")).toBe(429);
    }
    // A page that points its own name at this machine cannot say that it is a proxy's.
    const asked = { host: "rebound.example.org", "x-forwarded-host": "localhost" };
    expect(await rawCall(named.url + routes.health, asked)).toBe(400);
    for (const wrong of ["nowhere", "127.0.0.1/33", "0.0.0.0/0", "::1/129", "127.0.0.1,,", "1"]) {
      const refused = await run(["serve", "--store", "memory", "--port", "0", "--trust-proxy", wrong]);
      expect(refused).toMatchObject({ code: 64, stdout: "", stderr: expect.stringContaining("--trust-proxy") });
    }
  },
  async "Whoever calls as another broker too often has to slow down."() {
    const live = await LiveBroker.start({ rateLimits: { hubCallsMax: 3 } });
    const { post } = await invited(live);
    const answers = [];
    for (let call = 0; call < 5; call += 1) answers.push(await post(routes.federationCommands, {}));
    expect(answers).toEqual(["bad-request", "bad-request", "bad-request", "rate-limited", "rate-limited"]);
    // Nor does that get in the operator's way.
    expect((await live.call("GET", routes.jobs)).status).toBe(200);
  },
  async "An agent that runs wild is slowed down, and no other with it."() {
    const live = await LiveBroker.start({ rateLimits: { requestsMax: 10 } });
    const [wild, calm] = [await live.agent(), await live.agent()];
    const answers = [];
    for (let call = 0; call < 12; call += 1) answers.push(code(await wild.heartbeat()));
    expect(answers.filter((answer) => answer === "ok")).toHaveLength(10);
    expect(answers.slice(10)).toEqual(["rate-limited", "rate-limited"]);
    expect(code(await calm.heartbeat())).toBe("ok");
    // Nor can anybody use up its share in its name.
    for (let call = 0; call < 12; call += 1) {
      expect(code(await wild.post(routes.resumed, {}, { agentId: calm.agentId }))).toBe("bad-signature");
    }
    expect(code(await calm.heartbeat())).toBe("ok");
  },
  async "An address that others can reach is refused until it is allowed by name."() {
    for (const host of ["0.0.0.0", "::", "192.0.2.1"]) {
      const refused = await run(["serve", "--store", "memory", "--port", "0", "--host", host]);
      expect(refused).toMatchObject({ code: 64, stdout: "", stderr: expect.stringContaining("--allow-remote") });
    }
  },
  async "A web page cannot call a broker that listens on loopback."() {
    const live = await LiveBroker.start();
    const url = live.url + routes.health;
    expect(await rawCall(url, {})).toBe(200);
    expect(await rawCall(url, { origin: "https://example.org" })).toBe(400);
    expect(await rawCall(url, { host: "rebound.example.org" })).toBe(400);
  },
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
  async "No token, signature or job's environment goes into the log, the history, the metrics or the documentation."() {
    const lines: string[] = [];
    const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
    const live = await LiveBroker.start({ log, faults: true });
    const { agent } = await holder(live);
    const { joinToken } = await createToken(live);
    const { secret: invitation, join: joinAs } = await invited(live);
    const hub = await settleBrokerKey(memoryStore());
    expect([await joinAs(hub), await joinAs(hub, { sealedBy: await settleBrokerKey(memoryStore()) })]).toEqual([
      "ok",
      "bad-signature",
    ]);
    const guess = "a-guessed-token-of-somebody";
    await live.stranger().enrol(guess);
    await fetch(live.url + routes.jobs, { headers: { authorization: `Bearer ${guess}` } });
    await live.call("POST", routes.jobs, {
      jobs: [{ command: ["true"], environment: { PASSWORD: "hunter2-hunter2" } }],
    });
    await agent.heartbeat({ slotsFree: 2 });
    await agent.post(routes.resumed, { reason: 7 });
    const headers = agent.headers("GET", routes.events);
    await fetch(live.url + routes.events, { headers: { ...headers, signature: "sig1=:AAAA:" } });
    const served = [];
    for (const path of [routes.metrics, routes.documentation, routes.health, routes.ready]) {
      served.push(await (await fetch(live.url + path)).text());
    }
    await live.broker.close();
    const told = [...lines, ...live.history.map((record) => JSON.stringify(record)), ...served].join("\n");
    expect(lines.length).toBeGreaterThan(10);
    expect(told).toContain(agent.agentId);
    const signature = headers["signature"] ?? "";
    expect(signature.length).toBeGreaterThan(60);
    const secrets = [
      invitation,
      live.broker.joinToken,
      live.broker.operatorToken,
      joinToken,
      guess,
      "hunter2-hunter2",
      signature,
    ];
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
  },
  async "What the broker keeps on its own machine is its own user's alone."() {
    const directory = join(temporaryDirectory(), "data");
    const live = await LiveBroker.start({ directory });
    const { agent, leaseId } = await holder(live);
    expect((await agent.upload(leaseId, Buffer.from("frozen"), { to: 3 })).status).toBe(204);
    const open = ["", ...readdirSync(directory, { recursive: true, encoding: "utf8" })]
      // SQLite's own files beside the database lie in a directory that nobody else enters.
      .filter((name) => !/-(wal|shm)$/.test(name))
      .filter((name) => (statSync(join(directory, name)).mode & 0o077) !== 0);
    expect(open).toEqual([]);
  },
};

describe("the broker's promises", () => {
  test.each(Object.entries(promises))("%s", async (_, keep) => {
    expect.hasAssertions();
    await keep();
  });

  test("are those of docs/security.md", () => {
    const page = readFileSync(join(import.meta.dirname, "../docs/security.md"), "utf8");
    const listed = Array.from(page.matchAll(/^\| ([A-Z].*\.) \|$/gm), ([, promise]) => promise);
    expect(listed).toEqual(Object.keys(promises));
  });
});
