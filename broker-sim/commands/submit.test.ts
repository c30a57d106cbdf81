import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFailed, test } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import { routes } from "../../protocol/routes.ts";
import { temporaryDirectory } from "../testing/live-broker.ts";
import { type Served, holdPort, operatorEnvironment, run, serve, start, stop } from "../testing/served-broker.ts";
import { SigningClient } from "../testing/signing-client.ts";

/** A `submit --wait` under way, and the first line that it says: the id of its job. */
async function waiting(served: Served, more: readonly string[] = []) {
  const child = start(["submit", "--wait", ...more, "--", "true"], operatorEnvironment(served));
  const lines = createInterface({ input: child.stderr! });
  const heard: string[] = [];
  const first = Promise.withResolvers<string>();
  const watches: { pattern: RegExp; resolve: () => void }[] = [];
  lines.on("line", (line) => {
    heard.push(line);
    first.resolve(line);
    for (const { pattern, resolve } of watches) if (pattern.test(line)) resolve();
  });
  onTestFailed(() => console.error(`submit --wait said:\n${heard.join("\n")}`));
  const ended = Promise.all([once(child, "close"), text(child.stdout!)]).then(([[code], stdout]) => ({ code, stdout }));
  const says = async (pattern: RegExp) =>
    await new Promise<void>((resolve) => {
      watches.push({ pattern, resolve });
      if (heard.some((line) => pattern.test(line))) resolve();
    });
  return { jobId: await first.promise, heard, ended, says };
}

async function completeOne(served: Served): Promise<void> {
  const agent = new SigningClient(served.url);
  expect((await agent.enrol(served.joinToken)).status).toBe(200);
  const [{ leaseId, epoch }] = (await agent.heartbeat()).body.offers;
  await agent.post(routes.leaseAction(leaseId, "accept"), { epoch });
  const body = { epoch, outcome: "completed", exitCode: 0, progress: 5, result: "done\n" };
  expect((await agent.post(routes.leaseAction(leaseId, "complete"), body)).status).toBe(200);
}

describe("submit --wait", () => {
  test("says the ids at once, and outlasts a broker that is killed and comes back", async () => {
    const data = join(temporaryDirectory(), "data");
    const first = await serve(["--data", data]);
    const { jobId, ended, says } = await waiting(first);
    expect(jobId).toMatch(/^job-\S+$/);
    await says(/^1 queued/);
    await holdPort(first);
    await stop(first, "SIGKILL");
    await says(/does not answer: .* asking again for \d+ s\.$/);
    const second = await serve(["--data", data, "--port", new URL(first.url).port]);
    await completeOne(second);
    expect(await ended).toEqual({ code: 0, stdout: `${jobId}  completed  done\n` });
    expect(await stop(second, "SIGTERM")).toBe(0);
  });

  test("outlasts a broker that cannot just now", async () => {
    const served = await serve(["--store", "memory", "--faults"]);
    const environment = operatorEnvironment(served);
    const fault = ["fault", "add", "status", "--status", "503", "--code", "store-away", "--first", "2"];
    await run([...fault, "--for", "60000", "--route", `GET ${routes.jobs}`], environment);
    const { jobId, ended, says } = await waiting(served);
    await says(/asking again/);
    await says(/^1 queued/);
    await completeOne(served);
    expect(await ended).toEqual({ code: 0, stdout: `${jobId}  completed  done\n` });
    expect(await stop(served, "SIGTERM")).toBe(0);
  });

  test("says why a job came back, once for each reason", async () => {
    const served = await serve(["--store", "memory"]);
    const { jobId, heard, ended, says } = await waiting(served);
    const agent = new SigningClient(served.url);
    expect((await agent.enrol(served.joinToken)).status).toBe(200);
    const [{ leaseId, epoch }] = (await agent.heartbeat()).body.offers;
    await agent.post(routes.leaseAction(leaseId, "accept"), { epoch });
    const body = { epoch, reason: "there is no such program", progress: 0, startFailed: true };
    expect((await agent.post(routes.leaseAction(leaseId, "return"), body)).status).toBe(200);
    await says(/there is no such program/);
    expect((await run(["cancel", jobId], operatorEnvironment(served))).code).toBe(0);
    expect((await ended).code).toBe(1);
    expect(heard.filter((line) => line.includes("there is no such program"))).toEqual([
      expect.stringMatching(new RegExp(`^${jobId}  .*there is no such program$`)),
    ]);
    expect(await stop(served, "SIGTERM")).toBe(0);
  });

  test("gives up a broker that stays away, with 2 and how to go on", async () => {
    const served = await serve(["--store", "memory"]);
    const { jobId, heard, ended, says } = await waiting(served, ["--patience", "1"]);
    await says(/^1 queued/);
    await stop(served, "SIGKILL");
    expect(await ended).toEqual({ code: 2, stdout: "" });
    expect(heard[0]).toBe(jobId);
    expect(heard.slice(-2)).toEqual([
      expect.stringMatching(/^Gave up after 1 s without an answer: /),
      expect.stringContaining("`broker-sim jobs` says what becomes of them"),
    ]);
  });

  test("does not ask again where that changes nothing", async () => {
    const served = await serve(["--store", "memory", "--faults"]);
    const fault = ["fault", "add", "status", "--status", "401", "--code", "bad-operator-token", "--for", "60000"];
    await run([...fault, "--route", `GET ${routes.jobs}`], operatorEnvironment(served));
    const { ended } = await waiting(served);
    expect(await ended).toEqual({ code: 1, stdout: "" });
    expect(await stop(served, "SIGTERM")).toBe(0);
  });
});

describe("submit --checkpoint-signal", () => {
  test("hands in jobs that cooperate with their checkpoints", async () => {
    const served = await serve(["--store", "memory"]);
    const environment = operatorEnvironment(served);
    const flags = ["--checkpoint-signal", "SIGUSR1", "--checkpoint-file", "ready", "--checkpoint-wait", "500"];
    expect((await run(["submit", ...flags, "--", "true"], environment)).code).toBe(0);
    expect((await run(["submit", ...flags.slice(0, 4), "--", "true"], environment)).code).toBe(0);
    const { jobs } = jsonOf(await run(["jobs", "--json"], environment));
    expect(jobs.map(({ job }: { job: { checkpoint: unknown } }) => job.checkpoint)).toEqual([
      { cooperative: { signal: "SIGUSR1", file: "ready", waitMs: 500 } },
      { cooperative: { signal: "SIGUSR1", file: "ready", waitMs: 2_000 } },
    ]);
    expect(await stop(served, "SIGTERM")).toBe(0);
  });

  test.each([
    [["--checkpoint-signal", "SIGUSR1"], /^--checkpoint-signal has no meaning without --checkpoint-file\.\nAdd/],
    [["--checkpoint-file", "ready"], /^--checkpoint-file and --checkpoint-wait have no meaning without/],
    [["--checkpoint-signal", "SIGKILL", "--checkpoint-file", "x"], /SIGUSR1, SIGUSR2, SIGHUP/],
    [["--checkpoint-signal", "SIGUSR1", "--checkpoint-file", "../x"], /plain name/],
    [["--checkpoint-signal", "SIGUSR1", "--checkpoint-file", "x", "--checkpoint-wait", "10001"], /1 to 10000/],
    [["--patience", "3"], /^--patience has no meaning without --wait/],
  ])("is refused when it says %j, and nothing is submitted", async (flags, sentence) => {
    // Nobody listens there: nothing is asked.
    const { code, stdout, stderr } = await run(["submit", "--broker", "http://127.0.0.1:9", ...flags, "--", "true"]);
    expect([code, stdout]).toEqual([64, ""]);
    expect(stderr).toMatch(sentence);
  });
});
