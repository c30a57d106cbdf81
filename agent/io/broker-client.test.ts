import { delay, http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { routes } from "../../protocol/routes.ts";
import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import { brokerClient } from "./broker-client.ts";
import { outcomeOf } from "./broker-error.ts";
import { digestOf, type RequestSigner } from "./request-signer.ts";

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

  test("a broker that is silent is given up after the time of that call", async () => {
    server.use(
      http.post(`${origin}${routes.resumed}`, async () => {
        await delay("infinite");
        return HttpResponse.json({ ok: true });
      }),
    );
    const beganAt = performance.now();
    const outcome = await outcomeOf(client({ requestTimeoutMs: 60 }).resumed("x"));
    expect(outcome).toMatchObject({ ok: false, code: "unreachable", retriable: true });
    expect(outcome.ok ? "" : outcome.message).toContain("timeout");
    expect(performance.now() - beganAt).toBeLessThan(2_000);
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
