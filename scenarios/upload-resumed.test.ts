import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";

import { AgentProcess, until } from "../agent/testing/agent-process.ts";
import { temporaryDirectory, temporaryHome } from "../agent/testing/temporary-home.ts";
import { limits } from "../foundation/limits.ts";
import { jobEnvironment } from "../protocol/job-environment.ts";
import type { JobView } from "../protocol/messages.ts";
import { routes } from "../protocol/routes.ts";
import { CuttingProxy } from "./testing/cutting-proxy.ts";

/** A real broker, a real agent and a line between them that breaks in the middle of a checkpoint's upload. */
const program = join(import.meta.dirname, "..", "bin", "broker-sim.mjs");
const timing = { heartbeatIntervalMs: 300, activityTimeoutMs: 20_000, leaseTtlMs: 60_000, offerTtlMs: 10_000 };
const chunk = limits.uploadChunkBytesMax;
/** What nothing compresses: the archive has about as many bytes. */
const jobBytes = 6 * chunk;
const cutAfterBytes = 2.5 * chunk;

interface Served {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly url: string;
  readonly token: string;
  readonly operator: Record<string, string>;
}

async function serve(data: string, port = "0"): Promise<Served> {
  const argv = ["serve", "--json", "--port", port, "--data", data, "--timing", JSON.stringify(timing)];
  const child = spawn(process.execPath, [program, ...argv], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { url, joinToken, operatorToken } = JSON.parse(line) as Record<"url" | "joinToken" | "operatorToken", string>;
    return { child, ended, url, token: joinToken, operator: { authorization: `Bearer ${operatorToken}` } };
  }
  throw new Error(`the broker did not start: ${await text(child.stderr)}`);
}

interface Line {
  readonly proxy: CuttingProxy;
  readonly broker: Served;
  readonly jobId: string;
}

/** An agent that works at a job which has written all that it will ever write. */
async function stage() {
  const data = join(temporaryDirectory(), "data");
  const broker = await serve(data);
  const proxy = new CuttingProxy(broker.url);
  onTestFinished(() => proxy.close());
  const lineUrl = await proxy.listen();
  const paths = temporaryHome();
  const args = ["join", "--foreground", "--json", "--broker", lineUrl, "--token", broker.token, "--slots", "1"];
  const startAgent = (): AgentProcess => new AgentProcess({ paths, args, onFinished: onTestFinished });
  const agent = startAgent();
  await agent.ready();
  const script = `head -c ${jobBytes} /dev/urandom > content; echo 1 > next; mv next "$${jobEnvironment.progressFile}"; exec sleep 1000`;
  const [jobId = ""] = await submit(broker, ["/bin/sh", "-c", script]);
  await agent.busy(1);
  return { data, broker, proxy, agent, startAgent, jobId };
}

async function submit({ url, operator }: Served, command: readonly string[]): Promise<string[]> {
  const headers = { "content-type": "application/json", ...operator };
  const answer = await fetch(url + routes.jobs, {
    method: "POST",
    headers,
    body: JSON.stringify({ jobs: [{ command }] }),
  });
  return ((await answer.json()) as { jobIds: string[] }).jobIds;
}

async function saved({ url, operator }: Served, jobId: string): Promise<JobView["checkpoint"]> {
  const answer = await fetch(url + routes.job(jobId), { headers: operator });
  return ((await answer.json()) as JobView).checkpoint;
}

/**
 * What every one of these comes to: the broker has the checkpoint, and was sent little more than once.
 *
 * @param asks whether the uploader had to ask how far it had come; after a mere reset the chunk may just be sent again,
 *   and is taken because it belongs there
 */
async function judge({ proxy, broker, jobId }: Line, { asks }: { asks: boolean }): Promise<void> {
  // An upload that met a broker which was away, or had just come back, is tried again after waits that grow.
  await until(async () => (await saved(broker, jobId)) !== null, { forMs: 90_000 });
  const { archiveDigest, archiveBytes } = (await saved(broker, jobId))!;
  expect(archiveBytes).toBeGreaterThan(jobBytes);
  const stored = proxy.uploads.filter(({ digest }) => digest === archiveDigest);
  const chunks = stored.filter(({ method }) => method === "PATCH");
  const again = chunks.filter(({ afterCut }) => afterCut);
  // It had begun, and it went on from there.
  expect(chunks.filter(({ afterCut }) => !afterCut).length).toBeGreaterThanOrEqual(2);
  expect(again[0]?.offset).toBeGreaterThanOrEqual(chunk);
  const asked = stored.some(({ method, afterCut }) => afterCut && method === "HEAD");
  if (asks) expect(asked).toBe(true);
  expect(proxy.confirmed).toContain(again[0]!.offset! + (asked ? 0 : chunk));
  expect(again.map(({ offset }) => offset)).toEqual(
    Array.from({ length: again.length }, (_, index) => again[0]!.offset! + index * chunk),
  );
  expect(proxy.bytesSent).toBeGreaterThan(archiveBytes);
  expect(proxy.bytesSent).toBeLessThan(2 * archiveBytes);
  // All that is not the archive itself, the chunk that was cut included.
  expect(proxy.bytesSent - archiveBytes).toBeLessThan(2 * chunk);
}

test("an upload that is reset in the middle goes on from the offset that the broker confirms", async () => {
  const { broker, proxy, agent, jobId } = await stage();
  const cut = proxy.cutAfter(cutAfterBytes);
  expect(await agent.ask({ command: "pause" })).toMatchObject({ ok: true });
  await cut;
  expect(await saved(broker, jobId)).toBeNull();
  proxy.mend();
  await judge({ proxy, broker, jobId }, { asks: false });
});

test("and one whose broker is killed in the middle, when that is back", async () => {
  const { data, broker, proxy, agent, jobId } = await stage();
  const cut = proxy.cutAfter(cutAfterBytes);
  expect(await agent.ask({ command: "pause" })).toMatchObject({ ok: true });
  await cut;
  broker.child.kill("SIGKILL");
  await broker.ended;
  const again = await serve(data, new URL(broker.url).port);
  expect(await saved(again, jobId)).toBeNull();
  proxy.mend();
  await judge({ proxy, broker: again, jobId }, { asks: true });
});

test("and one whose agent is killed in the middle, when that is started again", async () => {
  const { broker, proxy, agent, startAgent, jobId } = await stage();
  const cut = proxy.cutAfter(cutAfterBytes);
  expect(await agent.ask({ command: "pause" })).toMatchObject({ ok: true });
  await cut;
  agent.child.kill("SIGKILL");
  await agent.exited;
  proxy.mend();
  const again = startAgent();
  await again.ready();
  await judge({ proxy, broker, jobId }, { asks: true });
});
