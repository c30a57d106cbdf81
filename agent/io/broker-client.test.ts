import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { delay, http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { routes } from "../../protocol/routes.ts";
import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import { temporaryDirectory } from "../testing/temporary-home.ts";
import { brokerClient } from "./broker-client.ts";
import { outcomeOf } from "./broker-error.ts";
import { digestOf } from "./request-signer.ts";

const origin = "http://broker.test";
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

function client(timing: Partial<Timing> = {}) {
  const signer = { headersFor: () => ({ signature: "signed" }) };
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

describe("blobs", () => {
  function file(bytes: Buffer): string {
    const path = join(temporaryDirectory(), "blob");
    writeFileSync(path, bytes);
    return path;
  }

  test("a file arrives as it is", async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 0]);
    let arrived: Buffer | undefined;
    server.use(
      http.put(`${origin}${routes.blob(digestOf(bytes))}`, async ({ request }) => {
        arrived = Buffer.from(await request.arrayBuffer());
        return HttpResponse.json({ ok: true });
      }),
    );
    await client().putBlob(digestOf(bytes), file(bytes));
    expect(arrived).toEqual(bytes);
  });

  test("a large one that the broker has is not sent again", async () => {
    const bytes = Buffer.alloc(2 * 1024 * 1024, 7);
    let asked = 0;
    server.use(
      http.head(`${origin}${routes.blob(digestOf(bytes))}`, () => {
        asked += 1;
        return new HttpResponse(null, { status: 200 });
      }),
    );
    await client().putBlob(digestOf(bytes), file(bytes));
    expect(asked).toBe(1);
  });
});
