import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, test } from "vitest";

import { limits } from "../foundation/limits.ts";
import { payloadTypes } from "../protocol/federation.ts";
import { routes } from "../protocol/routes.ts";
import { brokerLimits } from "./core/broker-limits.ts";
import { directoryBlobStore } from "./io/directory-blob-store.ts";
import { type BrokerKey, seal, settleBrokerKey } from "./io/envelopes.ts";
import { memoryStore } from "./io/memory-store.ts";
import { routeDescriptions } from "./io/operations/route-descriptions.ts";
import { LiveBroker, temporaryDirectory } from "./testing/live-broker.ts";
import { run } from "./testing/served-broker.ts";
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
    const agent = await live.agent();
    const { port } = new URL(live.url);
    const before = Math.floor(live.clock.nowMs() / 1_000);
    await live.broker.close();
    live.clock.advance(2_000);
    const again = await LiveBroker.start({ directory, clock: live.clock, port: Number(port) });
    expect(again.url).toBe(live.url);
    expect(code(await agent.post(routes.resumed, { reason: "test" }, { createdS: before }))).toBe("stale-signature");
    expect(code(await agent.post(routes.resumed, { reason: "test" }))).toBe("ok");
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
    live.clock.advance(2_000);
    const again = await LiveBroker.start({ directory, clock: live.clock, port: Number(port) });
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
    const live = await LiveBroker.start({ directory: temporaryDirectory() });
    const { agent, leaseId } = await holder(live);
    for (const name of ["..%2f..%2fetc%2fpasswd", "../../broker.sqlite", "%00", `${"a".repeat(63)}/`, "A".repeat(64)]) {
      const path = routes.blob(name);
      const { status } = await agent.send("GET", new URL(path, live.url).pathname);
      expect([name, status >= 400 && status < 500]).toEqual([name, true]);
      const upload = await agent.upload(leaseId, Buffer.from("x"), { digest: encodeURIComponent(name) });
      expect([name, upload.status >= 400 && upload.status < 500]).toEqual([name, true]);
    }
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
  async "What the broker keeps is its own user's alone."() {
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
