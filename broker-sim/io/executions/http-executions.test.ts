import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test, vi } from "vitest";

import type { ExecutionView } from "../../../protocol/executions.ts";
import { routes } from "../../../protocol/routes.ts";
import { LiveBroker, temporaryDirectory } from "../../testing/live-broker.ts";
import { RunningClock } from "../../testing/manual-clock.ts";
import { isThere, listProcesses, markOf } from "./host-processes.ts";

const until = { timeout: 60_000, interval: 20 };

async function spawn(live: LiveBroker, spec: object = {}): Promise<ExecutionView> {
  const { status, body } = await live.call("POST", routes.executions, { sandbox: "process", ...spec });
  expect(status).toBe(200);
  return body;
}

async function becomes(live: LiveBroker, executionId: string, state: string): Promise<ExecutionView> {
  return await vi.waitFor(async () => {
    const { body } = await live.call("GET", routes.execution(executionId));
    expect(body).toMatchObject({ state });
    return body;
  }, until);
}

/** Waits until as many agents have joined and are up. */
async function joined(live: LiveBroker, count: number): Promise<void> {
  await vi.waitFor(async () => {
    const { body } = await live.call("GET", routes.agents);
    expect(body.agents.filter(({ standing }: { standing: string }) => standing === "active")).toHaveLength(count);
  }, until);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** Reads an event stream until it ends; `events` grows meanwhile. */
async function subscribe(live: LiveBroker): Promise<string[]> {
  const events: string[] = [];
  const headers = { ...live.operatorHeaders(), accept: "text/event-stream" };
  const response = await fetch(live.url + routes.executionEvents, { headers });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const read = async (): Promise<void> => {
    for (let text = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const [, event] = /^event: (.*)$/m.exec(block) ?? [];
        const [, executionId] = /"executionId":"([^"]+)"/.exec(block) ?? [];
        if (event !== undefined) events.push(executionId === undefined ? event : `${event} ${executionId}`);
      }
    }
  };
  // The broker ends it.
  read().catch(() => undefined);
  return events;
}

describe("agents that the broker starts, over HTTP", () => {
  test("real ones run side by side, are listed, and end one by one or all at once, and leave nothing (OR-5, OR-6)", async () => {
    const live = await LiveBroker.start();
    const events = await subscribe(live);
    const views = await Promise.all([spawn(live, { name: "one" }), spawn(live), spawn(live, { slots: 3 })]);
    const [one, two, three] = views.map(({ executionId }) => executionId) as [string, string, string];
    const running = await Promise.all([one, two, three].map((executionId) => becomes(live, executionId, "running")));
    await joined(live, 3);
    const marks = running.map(({ pid }) => markOf(pid!)!);
    expect(marks.map(isThere)).toEqual([true, true, true]);
    // Theirs is a Node for processes that live, and pause in milliseconds.
    for (const { pid } of running) expect(commandOf(pid!).split("\0")).toContain("--single-threaded-gc");

    expect((await live.call("POST", routes.executionKill(two), {})).body).toMatchObject({ state: "killing" });
    const killed = await becomes(live, two, "killed");
    expect(killed).toMatchObject({ error: "asked by the operator", startedAt: running[1]!.startedAt });
    expect(marks.map(isThere)).toEqual([true, false, true]);
    const inState = async (state: string) =>
      (await live.call("GET", `${routes.executions}?state=${state}`)).body.executions.map(
        ({ executionId }: ExecutionView) => executionId,
      );
    expect([await inState("running"), await inState("killed"), await inState("failed")]).toEqual([
      [one, three],
      [two],
      [],
    ]);

    expect((await live.call("POST", routes.killswitch, { reason: "enough" })).body).toEqual({
      executionIds: [one, three],
    });
    await Promise.all([becomes(live, one, "killed"), becomes(live, three, "killed")]);
    expect(marks.map(isThere)).toEqual([false, false, false]);
    // Each was withdrawn, not only killed: its key is revoked.
    await joined(live, 0);
    await vi.waitFor(() => expect(events.filter((event) => event.startsWith("agent."))).toHaveLength(6), until);
    expect(events[0]).toBe("snapshot");
    for (const executionId of [one, two, three]) {
      expect(events.filter((event) => event.endsWith(executionId))).toEqual([
        `agent.running ${executionId}`,
        `agent.killed ${executionId}`,
      ]);
    }
  });

  test("one that is told goodbye completes; one that the broker does not let in fails, and says why (OR-1)", async () => {
    const live = await LiveBroker.start();
    const { executionId } = await spawn(live);
    await becomes(live, executionId, "running");
    await joined(live, 1);
    const [agent] = (await live.call("GET", routes.agents)).body.agents;
    await live.call("POST", routes.agentCommands(agent.agentId), { command: "goodbye" });
    expect(await becomes(live, executionId, "completed")).toMatchObject({ exitCode: 0, error: null });

    const failing = await LiveBroker.start({ agentCommand: ["/bin/sh", "-c", "echo no room here; exit 7"] });
    const failed = await becomes(failing, (await spawn(failing)).executionId, "failed");
    expect(failed).toMatchObject({ exitCode: 7, error: "it ended with exit code 7: no room here" });
  });

  test("one that works is ended with its jobs, and these are handed back (OR-6)", async () => {
    const live = await LiveBroker.start();
    const { executionId } = await spawn(live);
    // In a session of its own, and deaf.
    const script = 'setsid sh -c "trap : TERM; echo \\$\\$ > deaf; while :; do sleep 1; done" & echo $PWD; wait';
    const { body } = await live.call("POST", routes.jobs, { jobs: [{ command: ["sh", "-c", script] }] });
    const [jobId] = body.jobIds;
    await vi.waitFor(async () => expect((await live.job(jobId)).state).toBe("leased"), until);
    const deaf = await vi.waitFor(() => {
      const found = listProcesses().filter(({ pid }) => commandOf(pid).includes("echo $$ > deaf"));
      expect(found.length).toBeGreaterThan(0);
      return found.map(({ pid }) => markOf(pid)!);
    }, until);
    await live.call("POST", routes.executionKill(executionId), { now: true });
    await becomes(live, executionId, "killed");
    expect(deaf.map(isThere)).toEqual(deaf.map(() => false));
    await vi.waitFor(async () => expect((await live.job(jobId)).state).toBe("queued"), until);
  });

  test("lets each in with a token of its own where no other lets anybody in", async () => {
    const live = await LiveBroker.start({ singleUseTokensOnly: true });
    const [one, two] = [await spawn(live), await spawn(live)];
    await joined(live, 2);
    const { joinTokens } = (await live.call("GET", routes.joinTokens)).body;
    const agents = (await live.call("GET", routes.agents)).body.agents as { agentId: string }[];
    const users = joinTokens.map(({ usedBy }: { usedBy: string }) => usedBy);
    expect(users.sort()).toEqual(agents.map(({ agentId }) => agentId).sort());
    await live.call("POST", routes.killswitch, {});
    for (const { executionId } of [one, two]) await becomes(live, executionId, "killed");
  });

  test("a broker that says goodbye hears how its own agents end, and knows it when it comes back", async () => {
    const directory = join(temporaryDirectory(), "data");
    const first = await LiveBroker.start({ directory, clock: new RunningClock() });
    const { executionId } = await spawn(first);
    await joined(first, 1);
    await vi.waitFor(() => expect(first.broker.service.hub.connected()).toHaveLength(1), until);
    await first.broker.close({ reason: "the test", withinMs: 60_000, hurried: new Promise(() => undefined) });
    const second = await LiveBroker.start({ directory, clock: new RunningClock() });
    expect((await second.call("GET", routes.execution(executionId))).body).toMatchObject({
      state: "completed",
      error: null,
    });
  });

  test("a program that is not there fails without ever having started", async () => {
    const live = await LiveBroker.start({ agentCommand: [join(temporaryDirectory(), "nothing")] });
    const failed = await becomes(live, (await spawn(live)).executionId, "failed");
    expect(failed).toMatchObject({ startedAt: null, pid: null, error: expect.stringContaining("cannot be started") });
  });

  test("refusals say what is wrong, and change nothing", async () => {
    const live = await LiveBroker.start({ agentCommand: ["/bin/true"] });
    const { executionId } = await spawn(live);
    await becomes(live, executionId, "completed");
    const refusals = [
      await live.call("POST", routes.executionKill(executionId), {}),
      await live.call("POST", routes.executionKill("exec-nobody-1"), {}),
      await live.call("GET", routes.execution("exec-nobody-1")),
      await live.call("GET", routes.execution("nonsense")),
      await live.call("GET", `${routes.executions}?state=asleep`),
      await live.call("POST", routes.executions, { slots: 0 }),
      await live.call("POST", routes.executions, { command: ["rm"] }),
    ];
    expect(refusals.map(({ status, body }) => [status, body.code])).toEqual([
      [409, "execution-over"],
      [404, "unknown-execution"],
      [404, "unknown-execution"],
      [400, "bad-request"],
      [400, "bad-request"],
      [400, "bad-request"],
      [400, "bad-request"],
    ]);
    expect((await live.call("GET", routes.executions)).body.executions).toHaveLength(1);
  });

  test("a broker without a memory takes its agents along when it ends", async () => {
    const live = await LiveBroker.start();
    const { executionId } = await spawn(live);
    const { pid } = await becomes(live, executionId, "running");
    const mark = markOf(pid!)!;
    await live.broker.close();
    expect(isThere(mark)).toBe(false);
    const last = live.history.findLast(({ type }) => type === "broker.execution");
    expect(last?.data).toMatchObject({ executionId, to: "killed" });
  });

  test("a broker that comes back finds its agents again, goes on with them, and ends them (case 72)", async () => {
    const directory = join(temporaryDirectory(), "data");
    mkdirSync(directory);
    const first = await LiveBroker.start({ directory, clock: new RunningClock() });
    const { executionId } = await spawn(first);
    const before = await becomes(first, executionId, "running");
    await joined(first, 1);
    const mark = markOf(before.pid!)!;
    const port = Number(new URL(first.url).port);
    await first.broker.close();
    expect(isThere(mark)).toBe(true);
    const second = await LiveBroker.start({ directory, port, clock: new RunningClock() });
    expect((await second.call("GET", routes.execution(executionId))).body).toEqual(before);
    await second.call("POST", routes.executionKill(executionId), {});
    await becomes(second, executionId, "killed");
    expect(isThere(mark)).toBe(false);
    expect(existsSync(join(directory, "spawned", executionId))).toBe(false);
  });

  test("a broker that comes back knows how those ended that ended well meanwhile, or end so later", async () => {
    const directory = join(temporaryDirectory(), "data");
    const first = await LiveBroker.start({ directory, clock: new RunningClock() });
    const ids = [await spawn(first), await spawn(first)].map(({ executionId }) => executionId);
    const [meanwhile, later] = await Promise.all(ids.map(async (id) => await becomes(first, id, "running")));
    await joined(first, 2);
    const port = Number(new URL(first.url).port);
    await first.broker.close();
    const mark = markOf(meanwhile!.pid!)!;
    process.kill(mark.pid, "SIGTERM");
    await vi.waitFor(() => expect(isThere(mark)).toBe(false), until);
    const second = await LiveBroker.start({ directory, port, clock: new RunningClock() });
    await becomes(second, meanwhile!.executionId, "completed");
    expect((await second.call("GET", routes.execution(later!.executionId))).body).toMatchObject({ state: "running" });
    process.kill(later!.pid!, "SIGTERM");
    await becomes(second, later!.executionId, "completed");
    expect(readdirSync(join(directory, "spawned"))).toEqual([]);
  });

  test("a broker that comes back marks as failed what ended meanwhile, and withdraws it", async () => {
    const directory = join(temporaryDirectory(), "data");
    const first = await LiveBroker.start({ directory, clock: new RunningClock() });
    const { executionId } = await spawn(first);
    const { pid } = await becomes(first, executionId, "running");
    await joined(first, 1);
    const mark = markOf(pid!)!;
    const port = Number(new URL(first.url).port);
    await first.broker.close();
    process.kill(pid!, "SIGKILL");
    await vi.waitFor(() => expect(isThere(mark)).toBe(false), until);
    const second = await LiveBroker.start({ directory, port, clock: new RunningClock() });
    const failed = await becomes(second, executionId, "failed");
    expect(failed.error).toContain("while the broker was away, and nobody saw how");
    expect(existsSync(join(directory, "spawned", executionId))).toBe(false);
    await joined(second, 0);
  });
});
