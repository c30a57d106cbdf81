import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { FastifyInstance } from "fastify";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { StoredRunRow } from "../page/page-data.ts";
import { runFixtures } from "../testing/run-fixtures.ts";
import { writeRun } from "../testing/write-run.ts";
import { reportServer } from "./server.ts";

const [first, failed, again, byHand, running] = [
  "20260131T101500-withdraw-under-load",
  "20260131T113000-withdraw-under-load",
  "20260131T114000-withdraw-under-load",
  "20260131T115000-withdraw-under-load",
  "20260131T120000-rapid-pause-resume",
];
let root = "";
let server: FastifyInstance;

beforeAll(() => {
  root = join(mkdtempSync(join(tmpdir(), "houseguest-serve-")), ".scenarios");
  writeRun(root, runFixtures.passing(), first);
  writeRun(root, runFixtures.failing(), failed);
  const passed = runFixtures.passing();
  writeRun(root, { ...passed, verdict: { ...passed.verdict, retryOf: [failed] } }, again);
  // Somebody ran the same seed again right after, by hand.
  const { startedAt, endedAt } = passed.verdict;
  const after = { startedAt: endedAt + 300, endedAt: 2 * endedAt - startedAt + 300 };
  writeRun(root, { ...passed, verdict: { ...passed.verdict, ...after } }, byHand);
  const { history } = runFixtures.interrupted();
  mkdirSync(join(root, running));
  writeFileSync(join(root, running, "history.jsonl"), history.map((record) => `${JSON.stringify(record)}\n`).join(""));
  mkdirSync(join(root, "..", "secret"));
  writeFileSync(join(root, "..", "secret", "history.jsonl"), "{}\n");
  symlinkSync("../secret", join(root, "20260131T130000-link"));
});
afterAll(() => {
  rmSync(join(root, ".."), { recursive: true });
});
beforeEach(() => {
  server = reportServer({ root, allowedHosts: [], nowMs: Date.now });
});
afterEach(async () => {
  await server.close();
});

const get = (url: string, host = "localhost:7878") => server.inject({ url, headers: { host } });

test("every run, newest first, with outcome and figures; flaky is what says itself that it was retried", async () => {
  const { runs } = (await get("/api/runs")).json<{ runs: StoredRunRow[] }>();
  expect(runs.map(({ run, outcome, findings }) => [run, outcome, findings])).toEqual([
    [running, "running", null],
    [byHand, "passed", 0],
    [again, "flaky", 0],
    [failed, "failed", 5],
    [first, "passed", 0],
  ]);
  // That it has no verdict yet is nothing to wonder at.
  expect(runs[0]?.note).toBe("");
  const [, { freezeP99Ms, withdrawalP99Ms, tookMs } = {} as StoredRunRow] = runs;
  expect(freezeP99Ms).toBeCloseTo(4.15);
  expect(withdrawalP99Ms).toBe(410);
  expect(tookMs).toBeGreaterThan(0);
});

test("one run as JSON, and as a page that may ask its server alone", async () => {
  expect((await get(`/api/runs/${first}`)).json()).toMatchObject({ version: 1, verdict: { exitCode: 0 } });
  const page = await get(`/runs/${first}`);
  expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(page.body).toContain("connect-src 'self'");
  expect((await get("/")).body).toContain('"kind":"runs"');
});

test("a page of somebody else's name is not answered, whatever it asks for", async () => {
  for (const url of ["/", "/api/runs", `/runs/${first}`, "/none"]) {
    expect((await get(url, "evil.example:7878")).statusCode).toBe(403);
  }
});

test.each([
  "/runs/none",
  "/runs/..%2fsecret",
  "/runs/%2e%2e%2fsecret",
  "/runs/../secret",
  "/runs/20260131T130000-link",
  "/runs/latest",
  `/api/runs/${first}%2f..%2f..%2fsecret`,
  "/api/runs/%00/events",
  "/api/runs/%ff",
])("nothing but a run's own name leads to one: %s", async (url) => {
  const answer = await get(url);
  expect([400, 404]).toContain(answer.statusCode);
  expect(answer.body).not.toContain("history");
});

test("nothing can be changed", async () => {
  const answer = await server.inject({ method: "DELETE", url: `/api/runs/${first}`, headers: { host: "localhost" } });
  expect(answer.statusCode).toBe(404);
});

describe("over a connection", () => {
  test("a run is followed to its end, and from where a reader was", async () => {
    const directory = join(root, "20260131T140000-sigterm-shutdown");
    const { history, verdict } = runFixtures.passing();
    mkdirSync(directory);
    const append = (text: string) => appendFileSync(join(directory, "history.jsonl"), text);
    const lines = history.map((record) => `${JSON.stringify(record)}\n`);
    append(lines.slice(0, 3).join(""));
    const address = await server.listen({ host: "127.0.0.1", port: 0 });
    const url = `${address}/api/runs/20260131T140000-sigterm-shutdown/events`;
    const reader = new EventReader(await fetch(url));
    const three = await reader.until((events) => events.length === 3);
    // Half a line is no record yet.
    append((lines[3] as string).slice(0, 20));
    append((lines[3] as string).slice(20) + lines.slice(4).join(""));
    await reader.until((events) => events.length === lines.length);
    writeFileSync(join(directory, "verdict.json"), JSON.stringify(verdict));
    const all = await reader.until((events) => events.at(-1)?.event === "ended");
    expect(all.slice(0, -1).map(({ data }) => `${data}\n`)).toEqual(lines);
    const later = new EventReader(await fetch(url, { headers: { "last-event-id": three.at(-1)?.id ?? "" } }));
    const rest = await later.until((events) => events.at(-1)?.event === "ended");
    expect(rest).toHaveLength(lines.length - 3 + 1);
  });

  test("new runs are told, and the end of the server ends its followers", async () => {
    const address = await server.listen({ host: "127.0.0.1", port: 0 });
    const reader = new EventReader(await fetch(`${address}/api/events`));
    await reader.until((events) => events.length === 1);
    writeRun(root, runFixtures.passing(), "20260131T150000-new");
    const told = await reader.until((events) => events.some(({ data }) => data.includes("20260131T150000-new")));
    expect(told.at(-1)?.event).toBe("runs");
    await server.close();
    await expect(reader.ended()).resolves.toBe(true);
  });
});

interface Told {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

/** Reads server-sent events as they come. */
class EventReader {
  readonly #events: Told[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(response: Response) {
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader();
  }

  async until(enough: (events: readonly Told[]) => boolean): Promise<readonly Told[]> {
    while (!enough(this.#events))
      if (!(await this.#more())) throw new Error(`It ended after ${this.#events.length} events.`);
    return [...this.#events];
  }

  async ended(): Promise<boolean> {
    try {
      while (await this.#more());
    } catch {
      // Cut off, which is an end too.
    }
    return true;
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) return false;
    const parts = (this.#text + this.#decoder.decode(value, { stream: true })).split("\n\n");
    this.#text = parts.pop() ?? "";
    for (const part of parts) {
      const fields = new Map(
        part
          .split("\n")
          .map((line): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
      );
      if (fields.has("data"))
        this.#events.push({
          event: fields.get("event") ?? "",
          id: fields.get("id") ?? "",
          data: fields.get("data") ?? "",
        });
    }
    return true;
  }
}
