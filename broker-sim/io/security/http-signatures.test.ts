import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";

import { limits } from "../../../foundation/limits.ts";
import { routes } from "../../../protocol/routes.ts";
import { LiveBroker } from "../../testing/live-broker.ts";

const resources = { cpus: 1, loadAverage: 0, memoryBytesTotal: 1, memoryBytesFree: 1 };
const beat = { state: "Idle", slots: 2, slotsFree: 0, resources, leases: [] };

describe("a signed request", () => {
  test("is taken, and with any part of it changed it is not (I10)", async () => {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    expect((await agent.post(routes.heartbeat, beat)).status).toBe(200);
    const seen = () => live.broker.service.state.agents.get(agent.agentId)?.state;
    const body = Buffer.from(JSON.stringify({ ...beat, state: "Paused" }));
    const changes = {
      "no signature": (headers: Record<string, string>) => without(headers, "signature"),
      "no digest": (headers: Record<string, string>) => without(headers, "content-digest"),
      "no instance": (headers: Record<string, string>) => without(headers, "houseguest-instance"),
      "another instance": (headers: Record<string, string>) => ({
        ...headers,
        "houseguest-instance": "00000000-0000-4000-8000-000000000000",
      }),
      "another time": (headers: Record<string, string>) => ({
        ...headers,
        "signature-input": headers["signature-input"]!.replace(/created=(\d+)/, (_, s) => `created=${Number(s) - 1}`),
      }),
      "another nonce": (headers: Record<string, string>) => ({
        ...headers,
        "signature-input": headers["signature-input"]!.replace(/nonce="[^"]+"/, `nonce="${"n".repeat(22)}"`),
      }),
      "another algorithm": (headers: Record<string, string>) => ({
        ...headers,
        "signature-input": headers["signature-input"]!.replace("ed25519", "hmac-sha256"),
      }),
      "a digest of other bytes": (headers: Record<string, string>) => ({
        ...headers,
        "content-digest": `sha-256=:${createHash("sha256").update("other").digest("base64")}:`,
      }),
    };
    for (const [what, headers] of Object.entries(changes)) {
      const answer = await agent.send("POST", routes.heartbeat, body, { headers, contentType: "application/json" });
      expect([what, answer.status, answer.body?.code]).toEqual([what, 401, "bad-signature"]);
    }
    expect(seen()).toBe("Idle");
    expect(live.refusals()).toEqual(Object.keys(changes).map(() => "bad-signature"));
  });

  test("for one route is not taken for another, nor for another method", async () => {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    const body = Buffer.from(JSON.stringify({ reason: "x" }));
    const headers = { ...agent.headers("POST", routes.resumed, { body }), "content-type": "application/json" };
    const answer = await fetch(live.url + routes.shutdown, { method: "POST", headers, body });
    expect([answer.status, await answer.json()]).toMatchObject([401, { code: "bad-signature" }]);
  });

  test("by a key that enrolled with another id is refused", async () => {
    const live = await LiveBroker.start();
    const [agent, other] = [await live.agent(), await live.agent()];
    const headers = (own: Record<string, string>) => ({
      ...own,
      "signature-input": own["signature-input"]!.replace(agent.agentId, other.agentId),
    });
    expect((await agent.post(routes.heartbeat, beat, { headers })).body.code).toBe("bad-signature");
  });

  test("sent twice is refused the second time", async () => {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    const body = Buffer.from(JSON.stringify(beat));
    const headers = { ...agent.headers("POST", routes.heartbeat, { body }), "content-type": "application/json" };
    const send = async () => await fetch(live.url + routes.heartbeat, { method: "POST", headers, body });
    expect((await send()).status).toBe(200);
    const second = await send();
    expect([second.status, await second.json()]).toMatchObject([401, { code: "replayed" }]);
  });

  test("sent many times at once is taken once", async () => {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    const body = Buffer.from(JSON.stringify(beat));
    const headers = { ...agent.headers("POST", routes.heartbeat, { body }), "content-type": "application/json" };
    const send = async () => (await fetch(live.url + routes.heartbeat, { method: "POST", headers, body })).status;
    const statuses = await Promise.all(Array.from({ length: 20 }, send));
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, ...Array.from({ length: 19 }, () => 401)]);
    expect(new Set(live.refusals())).toEqual(new Set(["replayed"]));
  });

  test("too old or too far ahead is refused, at the window's edge it is taken", async () => {
    const live = await LiveBroker.start({ timing: { signatureWindowMs: 60_000 } });
    const agent = await live.agent();
    const nowS = live.clock.nowMs() / 1_000;
    const at = async (createdS: number) => {
      const { status, body } = await agent.post(routes.heartbeat, beat, { createdS });
      return status === 200 ? "ok" : body.code;
    };
    expect(await at(Math.ceil(nowS - 60))).toBe("ok");
    expect(await at(Math.floor(nowS + 60))).toBe("ok");
    expect(await at(Math.ceil(nowS - 60) - 1)).toBe("stale-signature");
    expect(await at(Math.floor(nowS + 60) + 1)).toBe("stale-signature");
  });

  test("that is refused for its time is told the broker's own, by which it can be made anew", async () => {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    live.clock.advance(7_200_000);
    const nowMs = live.clock.nowMs();
    const { body, headers } = await agent.post(routes.heartbeat, beat, { createdS: Math.floor(Date.now() / 1_000) });
    const shown = Date.parse(headers.get("date") ?? "");
    expect([body.code, shown]).toEqual(["stale-signature", Math.floor(nowMs / 1_000) * 1_000]);
  });

  test("whose body is not the signed one is refused", async () => {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    const bodySent = Buffer.from(JSON.stringify({ ...beat, state: "Paused" }));
    const answer = await agent.post(routes.heartbeat, beat, { bodySent });
    expect([answer.status, answer.body.code]).toEqual([400, "digest-mismatch"]);
    expect(live.broker.service.state.agents.get(agent.agentId)?.state).toBe("Idle");
  });

  test("of an unknown agent is refused", async () => {
    const live = await LiveBroker.start();
    const answer = await live.stranger().post(routes.heartbeat, beat);
    expect([answer.status, answer.body.code]).toEqual([401, "unknown-agent"]);
  });
});

describe("enrolment", () => {
  test("needs the join token, and answers with the times of this broker", async () => {
    const live = await LiveBroker.start({ timing: { leaseTtlMs: 123_456 } });
    const agent = live.stranger();
    const refused = await agent.enrol("guess");
    expect([refused.status, refused.body.code]).toEqual([403, "bad-join-token"]);
    const { status, body } = await agent.enrol(live.broker.joinToken);
    expect([status, body.agentId, body.timing.leaseTtlMs]).toEqual([200, agent.agentId, 123_456]);
    expect((await agent.enrol(live.broker.joinToken)).status).toBe(200);
  });

  test("needs the key that it brings", async () => {
    const live = await LiveBroker.start();
    const [thief, victim] = [live.stranger(), live.stranger()];
    const { joinToken } = live.broker;
    const theirs = { joinToken, publicKey: victim.publicKey, slots: 1, revocation: victim.revocation() };
    expect((await thief.post(routes.enrol, theirs)).body.code).toBe("bad-signature");
    const headers = (own: Record<string, string>) => ({
      ...own,
      "signature-input": own["signature-input"]!.replace(thief.agentId, victim.agentId),
    });
    expect((await thief.post(routes.enrol, theirs, { headers })).body.code).toBe("bad-signature");
    const own = { joinToken, publicKey: thief.publicKey, slots: 1, revocation: thief.revocation() };
    expect((await thief.post(routes.enrol, own, { agentId: victim.agentId })).body.code).toBe("bad-signature");
    const misnamed = { ...thief.revocation(), agentId: victim.agentId };
    expect((await thief.post(routes.enrol, { ...own, revocation: misnamed })).body.code).toBe("bad-signature");
    const foreign = { joinToken, publicKey: thief.publicKey, slots: 1, revocation: victim.revocation() };
    expect((await thief.post(routes.enrol, foreign)).body.code).toBe("bad-signature");
    const broken = { ...thief.revocation(), signature: victim.revocation().signature };
    expect((await thief.post(routes.enrol, { ...foreign, revocation: broken })).body.code).toBe("bad-signature");
    expect(live.broker.service.state.agents.size).toBe(0);
  });
});

describe("a revoked key", () => {
  test("is refused everywhere, with requests made before and after (case 64)", async () => {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    const body = Buffer.from(JSON.stringify(beat));
    const captured = { ...agent.headers("POST", routes.heartbeat, { body }), "content-type": "application/json" };
    const bad = await agent.post(routes.withdraw, {
      handedBack: [],
      revocation: { ...agent.revocation(), signature: "A".repeat(86) },
    });
    expect([bad.status, bad.body.code]).toEqual([401, "bad-signature"]);
    expect((await agent.heartbeat()).status).toBe(200);
    const withdrawn = await agent.post(routes.withdraw, { handedBack: [], revocation: agent.revocation() });
    expect([withdrawn.status, withdrawn.body.revokedAt]).toEqual([200, live.clock.nowMs()]);
    const replay = await fetch(live.url + routes.heartbeat, { method: "POST", headers: captured, body });
    const answers = [
      { status: replay.status, body: await replay.json() },
      await agent.heartbeat(),
      await agent.enrol(live.broker.joinToken),
      await agent.send("GET", routes.events),
      await agent.upload("lease-1", Buffer.from("x")),
      await agent.post(routes.withdraw, { handedBack: [], revocation: agent.revocation() }),
    ];
    expect(answers.map((answer) => [answer.status, answer.body.code])).toEqual(answers.map(() => [401, "revoked"]));
  });
});

describe("a body", () => {
  test("that is no JSON, or not what the protocol says, is named as such", async () => {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    const json = { contentType: "application/json" };
    const broken = await agent.send("POST", routes.heartbeat, Buffer.from('{"state":'), json);
    expect([broken.status, broken.body]).toEqual([400, { code: "bad-request", message: "The body is not JSON." }]);
    const wrong = await agent.post(routes.heartbeat, { ...beat, slots: 0 });
    expect([wrong.status, wrong.body.code]).toEqual([400, "bad-request"]);
    expect(wrong.body.message).toContain("body.slots");
    const typed = await agent.send("POST", routes.heartbeat, Buffer.from("a=1"), { contentType: "text/plain" });
    expect([typed.status, typed.body.code]).toEqual([400, "bad-request"]);
  });

  test("that is too large is refused, and the connection lives on", async () => {
    const live = await LiveBroker.start();
    const agent = await live.agent();
    const large = Buffer.alloc(limits.messageBytesMax + 1, " ");
    const answer = await agent.send("POST", routes.heartbeat, large, { contentType: "application/json" });
    expect([answer.status, answer.body.code]).toEqual([413, "too-large"]);
    const operator = await live.call("POST", routes.jobs, {
      jobs: [{ command: ["x".repeat(limits.messageBytesMax)] }],
    });
    expect([operator.status, operator.body.code]).toEqual([413, "too-large"]);
    expect((await agent.heartbeat()).status).toBe(200);
  });
});

function without(headers: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}
