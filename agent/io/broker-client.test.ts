import { delay, http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { routes } from "../../protocol/routes.ts";
import { parseSignatureHeaders } from "../../protocol/signing.ts";
import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import { brokerClient } from "./broker-client.ts";
import { outcomeOf } from "./broker-error.ts";
import { BrokerTime } from "./broker-time.ts";
import type { Identity } from "./identity.ts";
import { digestOf, type RequestSigner, requestSigner } from "./request-signer.ts";

/**
 * msw stands in for the broker, and for whatever may stand between: what is tested here is what the client makes of an
 * answer, and answers such as these no real broker gives. What a real connection does to it is seen with real ones:
 * `broker-client-line.test.ts` beside this, `scenarios/upload-resumed.test.ts`, `agent/daemon.test.ts`; what real signatures are worth, in
 * `broker-sim/io/security/http-signatures.test.ts`.
 */
const origin = "http://broker.test";
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

function client(timing: Partial<Timing> = {}, signed: string[] = []) {
  const signer: RequestSigner = {
    headersFor({ bodyDigest }) {
      signed.push(bodyDigest);
      return { signature: "signed" };
    },
  };
  return brokerClient({ url: new URL(origin), signer, timing: () => ({ ...defaultTiming, ...timing }) });
}

describe("every call", () => {
  test("sends JSON with the signature, and reads the answer by its schema", async () => {
    let seen: { body: unknown; signature: string | null } | undefined;
    server.use(
      http.post(`${origin}${routes.leaseAction("lease-1", "accept")}`, async ({ request }) => {
        seen = { body: await request.json(), signature: request.headers.get("signature") };
        return HttpResponse.json({ expiresAt: 5 });
      }),
    );
    await expect(client().accept("lease-1", 3)).resolves.toEqual({ expiresAt: 5 });
    expect(seen).toEqual({ body: { epoch: 3 }, signature: "signed" });
  });

  test("whether a start failed is told with a decline and with a return", async () => {
    const seen: Record<string, unknown> = {};
    for (const action of ["decline", "return"] as const) {
      server.use(
        http.post(`${origin}${routes.leaseAction("lease-1", action)}`, async ({ request }) => {
          seen[action] = await request.json();
          return HttpResponse.json({ ok: true });
        }),
      );
    }
    const why = { reason: "there is no such program", startFailed: true };
    await client().decline("lease-1", { epoch: 3, ...why });
    await client().returnLease({ leaseId: "lease-1", jobId: "job-1", epoch: 3, progress: 0 }, why);
    expect(seen).toEqual({ decline: { epoch: 3, ...why }, return: { epoch: 3, progress: 0, ...why } });
  });

  test.each([
    ["fenced", 409, false],
    ["revoked", 401, false],
    ["bad-join-token", 403, false],
    ["internal", 500, true],
    ["full", 503, true],
    ["replayed", 401, true],
    ["stale-signature", 401, true],
  ])("a problem %s is told by its code, retriable %s", async (code, status, retriable) => {
    server.use(http.post(`${origin}${routes.paused}`, () => HttpResponse.json({ code, message: "no" }, { status })));
    const call = client().paused({ reason: "test", freezeMs: 1, checkpoints: [] });
    expect(await outcomeOf(call)).toEqual({ ok: false, code, retriable, message: "no" });
  });

  test("an answer that is not the protocol's is malformed, not believed", async () => {
    server.use(http.post(`${origin}${routes.heartbeat}`, () => HttpResponse.json({ offers: "many" })));
    const resources = { cpus: 1, loadAverage: 0, memoryBytesTotal: 1, memoryBytesFree: 1 };
    const call = client().heartbeat({ state: "Idle", slots: 1, slotsFree: 1, resources, leases: [] });
    expect(await outcomeOf(call)).toMatchObject({ ok: false, code: "malformed" });
  });

  test("a proxy's error page is malformed too, and may pass", async () => {
    server.use(http.post(`${origin}${routes.resumed}`, () => new HttpResponse("<html>", { status: 502 })));
    expect(await outcomeOf(client().resumed("x"))).toMatchObject({ ok: false, code: "malformed", retriable: true });
  });

  test.each([500, 503])("and so is a %i without a word", async (status) => {
    server.use(http.post(`${origin}${routes.resumed}`, () => new HttpResponse(null, { status })));
    expect(await outcomeOf(client().resumed("x"))).toMatchObject({ ok: false, code: "malformed", retriable: true });
  });

  test.each([
    [401, "<html>Log in first</html>"],
    [401, null],
    [403, "<html>"],
  ])("a %i that somebody else answers with %j ends the call: asking again changes nothing", async (status, page) => {
    server.use(http.post(`${origin}${routes.resumed}`, () => new HttpResponse(page, { status })));
    expect(await outcomeOf(client().resumed("x"))).toMatchObject({ ok: false, code: "malformed", retriable: false });
  });

  test.each(["", "null", '{"ok":tr', "<html>", '{"ok":true}}'])("a success that says %j is malformed", async (body) => {
    const headers = { "content-type": "application/json" };
    server.use(http.post(`${origin}${routes.resumed}`, () => new HttpResponse(body, { headers })));
    expect(await outcomeOf(client().resumed("x"))).toMatchObject({ ok: false, code: "malformed", retriable: true });
  });

  test("whose clock is off is told so, and signs anew with the time that it is then", async () => {
    const brokerS = 1_000_000;
    const seen: { createdS: number; nonce: string }[] = [];
    server.use(
      http.post(`${origin}${routes.resumed}`, ({ request }) => {
        const header = (name: string): string => request.headers.get(name) ?? "";
        const { createdS = 0, nonce = "" } =
          parseSignatureHeaders(header("signature-input"), header("signature")) ?? {};
        seen.push({ createdS, nonce });
        if (Math.abs(createdS - brokerS) <= 300) return HttpResponse.json({ ok: true });
        return HttpResponse.json({ code: "stale-signature", message: "600 s ahead" }, { status: 401 });
      }),
    );
    let nowMs = (brokerS + 600) * 1_000;
    const identity = { agentId: "a".repeat(64), sign: () => Buffer.alloc(64) } as unknown as Identity;
    const instanceId = "00000000-0000-4000-8000-000000000001";
    const signer = requestSigner({ identity, instanceId, clock: { nowMs: () => nowMs } });
    const skewed = brokerClient({ url: new URL(origin), signer, timing: () => defaultTiming });
    expect(await outcomeOf(skewed.resumed("x"))).toMatchObject({ code: "stale-signature", retriable: true });
    nowMs = brokerS * 1_000;
    expect(await outcomeOf(skewed.resumed("x"))).toMatchObject({ ok: true });
    expect(seen.map(({ createdS }) => createdS)).toEqual([brokerS + 600, brokerS]);
    expect(new Set(seen.map(({ nonce }) => nonce)).size).toBe(2);
  });

  describe("by a clock that differs from the broker's", () => {
    const hourMs = 3_600_000;
    const rawMs = 1_000_000_000_000;

    /** A broker whose clock is ahead by so much, and that takes no signature of before its start. */
    function agentOf({ brokerAheadMs, startedMs = 0 }: { brokerAheadMs: number; startedMs?: number }) {
      const offs: number[] = [];
      server.use(
        http.post(`${origin}${routes.resumed}`, ({ request }) => {
          const header = (name: string): string => request.headers.get(name) ?? "";
          const claim = parseSignatureHeaders(header("signature-input"), header("signature"));
          const createdMs = (claim?.createdS ?? 0) * 1_000;
          offs.push(createdMs - rawMs);
          const brokerMs = rawMs + brokerAheadMs;
          const isFresh = Math.abs(createdMs - brokerMs) <= 300_000 && createdMs >= startedMs;
          if (isFresh) return HttpResponse.json({ ok: true });
          const date = new Date(brokerMs).toUTCString();
          return HttpResponse.json({ code: "stale-signature", message: "no" }, { status: 401, headers: { date } });
        }),
      );
      const said: string[] = [];
      const clock = { nowMs: () => rawMs, monotonicMs: () => rawMs };
      const warn = (sentence: string): void => void said.push(sentence);
      const time = new BrokerTime({ clock, windowMs: () => 300_000, warn });
      const identity = { agentId: "a".repeat(64), sign: () => Buffer.alloc(64) } as unknown as Identity;
      const signer = requestSigner({ identity, instanceId: "00000000-0000-4000-8000-000000000001", clock: time });
      const agent = brokerClient({ url: new URL(origin), signer, time, timing: () => defaultTiming });
      return { offs, said, resumed: async () => await outcomeOf(agent.resumed("x")) };
    }

    test.each([-hourMs, hourMs])(
      "by %i ms, is made anew by the broker's, from then on, and said so once",
      async (by) => {
        const { offs, said, resumed } = agentOf({ brokerAheadMs: by });
        expect([await resumed(), await resumed()]).toMatchObject([{ ok: true }, { ok: true }]);
        expect(offs).toEqual([0, by, by]);
        const how = by < 0 ? "3600 s ahead of" : "3600 s behind";
        expect(said).toEqual([expect.stringContaining(`This machine's clock is ${how} the broker's`)]);
      },
    );

    test("within the window, and that started after it was made, is made anew too", async () => {
      const { offs, resumed } = agentOf({ brokerAheadMs: 120_000, startedMs: rawMs + 60_000 });
      expect(await resumed()).toMatchObject({ ok: true });
      expect(offs).toEqual([0, 120_000]);
    });

    test("that calls it stale for what the time does not explain, is not followed back", async () => {
      const { offs, said, resumed } = agentOf({ brokerAheadMs: -100_000, startedMs: rawMs + 60_000 });
      expect(await resumed()).toMatchObject({ ok: false, code: "stale-signature", retriable: true });
      expect([offs, said]).toEqual([[0], []]);
    });

    test("by days, is not believed, which is said once", async () => {
      const { offs, said, resumed } = agentOf({ brokerAheadMs: 25 * hourMs });
      expect([await resumed(), await resumed()]).toMatchObject([{ ok: false }, { ok: false }]);
      expect(offs).toEqual([0, 0]);
      expect(said).toEqual([expect.stringMatching(/90000 s behind the broker's, which refuses .* Set the clock/)]);
    });
  });

  test("an answer with fields that the protocol does not know is not believed", async () => {
    server.use(http.post(`${origin}${routes.resumed}`, () => HttpResponse.json({ ok: true, and: "more" })));
    expect(await outcomeOf(client().resumed("x"))).toMatchObject({ ok: false, code: "malformed" });
  });

  test("ids that are none are refused; those that come twice are the core's to bear", async () => {
    const lease = { leaseId: "lease-1", reason: "expired" };
    const lost = [lease, lease];
    const heartbeat = { brokerTimeMs: 1, offers: [], renewed: [], lost };
    const resources = { cpus: 1, loadAverage: 0, memoryBytesTotal: 1, memoryBytesFree: 1 };
    const call = () => client().heartbeat({ state: "Idle", slots: 1, slotsFree: 1, resources, leases: [] });
    server.use(http.post(`${origin}${routes.heartbeat}`, () => HttpResponse.json(heartbeat)));
    expect(await outcomeOf(call())).toEqual({ ok: true, value: heartbeat });
    const nonsense = { ...heartbeat, lost: [{ ...lease, leaseId: "../../etc" }] };
    server.use(http.post(`${origin}${routes.heartbeat}`, () => HttpResponse.json(nonsense)));
    expect(await outcomeOf(call())).toMatchObject({ ok: false, code: "malformed" });
  });

  test("a broker that is silent is given up after the time of that call", async () => {
    server.use(
      http.post(`${origin}${routes.resumed}`, async () => {
        await delay("infinite");
        return HttpResponse.json({ ok: true });
      }),
    );
    // Nobody but that ends the call.
    const outcome = await outcomeOf(client({ requestTimeoutMs: 60 }).resumed("x"));
    expect(outcome).toMatchObject({ ok: false, code: "unreachable", retriable: true });
    expect(outcome.ok ? "" : outcome.message).toContain("timeout");
  });

  test("a connection that fails is unreachable", async () => {
    server.use(http.post(`${origin}${routes.resumed}`, () => HttpResponse.error()));
    expect(await outcomeOf(client().resumed("x"))).toMatchObject({ ok: false, code: "unreachable" });
  });
});

describe("an upload", () => {
  const digest = "d".repeat(64);
  const name = { leaseId: "lease-1", digest };
  const url = `${origin}${routes.upload("lease-1", digest)}`;
  const content = Buffer.from([0, 255, 10, 13, 0]);
  const place = { offset: 7, length: 12, complete: true };

  test("arrives chunk by chunk as it is, with its place, and signed for what it holds", async () => {
    let arrived: { bytes: Buffer; headers: Headers } | undefined;
    const signed: string[] = [];
    server.use(
      http.patch(url, async ({ request }) => {
        arrived = { bytes: Buffer.from(await request.arrayBuffer()), headers: request.headers };
        return new HttpResponse(null, { status: 204, headers: { "upload-offset": "12", "upload-complete": "?1" } });
      }),
    );
    await expect(client({}, signed).uploadChunk(name, place, content)).resolves.toEqual({ offset: 12, complete: true });
    expect(arrived?.bytes).toEqual(content);
    const fields = ["upload-offset", "upload-length", "upload-complete", "content-type"];
    expect(fields.map((field) => arrived?.headers.get(field))).toEqual(["7", "12", "?1", "application/partial-upload"]);
    expect(signed).toEqual([digestOf(content)]);
  });

  test("is asked about without a body", async () => {
    server.use(
      http.head(url, () => new HttpResponse(null, { headers: { "upload-offset": "3", "upload-complete": "?0" } })),
    );
    await expect(client().uploadStatus(name)).resolves.toEqual({ offset: 3, complete: false });
  });

  test.each([
    [401, true],
    [404, false],
    [503, true],
  ])(
    "is asked about again when %i, which comes without a reason, may be another the next time",
    async (status, retriable) => {
      server.use(http.head(url, () => new HttpResponse(null, { status })));
      expect(await outcomeOf(client().uploadStatus(name))).toMatchObject({ ok: false, retriable });
    },
  );

  test("that is elsewhere than its sender thought says where", async () => {
    const problem = { code: "offset-mismatch", message: "no", expectedOffset: 4 };
    server.use(http.patch(url, () => HttpResponse.json(problem, { status: 409 })));
    const outcome = await outcomeOf(client().uploadChunk(name, place, content));
    expect(outcome).toEqual({ ok: false, retriable: true, ...problem });
  });

  test.each([{}, { "upload-offset": "-3", "upload-complete": "?0" }, { "upload-offset": "3" }])(
    "whose answer does not say how much is there (%o) is malformed",
    async (headers) => {
      server.use(http.patch(url, () => new HttpResponse(null, { status: 204, headers: { ...headers } })));
      const outcome = await outcomeOf(client().uploadChunk(name, place, content));
      expect(outcome).toMatchObject({ ok: false, code: "malformed", retriable: true });
    },
  );
});
