import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";

import { parseHistoryLine } from "../protocol/history.ts";
import { routes } from "../protocol/routes.ts";
import { temporaryDirectory } from "./testing/live-broker.ts";
import { SigningClient } from "./testing/signing-client.ts";

const program = join(import.meta.dirname, "..", "bin", "broker-sim.mjs");

/** A test that runs a dozen of them, one after the other. */
const manyPrograms = { timeout: 120_000 };

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(argv: readonly string[], environment: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [program, ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HOUSEGUEST_HISTORY: "", ...environment },
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

async function run(argv: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const child = start(argv, environment);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, "close")]);
  return { code: code as number | null, stdout, stderr };
}

interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  readonly joinToken: string;
  readonly line: Record<string, unknown>;
  readonly ended: Promise<unknown>;
}

async function serve(argv: readonly string[], environment: Record<string, string> = {}): Promise<Served> {
  const child = start(["serve", "--json", "--port", "0", "--log-level", "warn", ...argv], environment);
  const ended = once(child, "close");
  for await (const line of createInterface({ input: child.stdout! })) {
    const parsed = JSON.parse(line) as Record<string, unknown>;
    return { child, url: String(parsed["url"]), joinToken: String(parsed["joinToken"]), line: parsed, ended };
  }
  throw new Error(`the broker did not start: ${await text(child.stderr!)}`);
}

async function stop({ child, ended }: Served, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal);
  await ended;
  return child.exitCode;
}

describe("serve", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "says where it is in one line, writes its history, and ends at once on %s",
    async (signal) => {
      const directory = temporaryDirectory();
      const history = join(directory, "history.jsonl");
      const served = await serve(["--store", "memory", "--join-token", "welcome"], { HOUSEGUEST_HISTORY: history });
      const { child, url } = served;
      expect(served.line).toEqual({ url, joinToken: "welcome", store: "memory", pid: child.pid });
      const agent = new SigningClient(url);
      expect((await agent.enrol("welcome")).status).toBe(200);
      const headers = { ...agent.headers("GET", routes.events), accept: "text/event-stream" };
      const stream = await fetch(url + routes.events, { headers });
      const rest = stream.text().catch(() => "cut off");
      expect(await stop(served, signal)).toBe(0);
      await rest;
      const records = readFileSync(history, "utf8").trimEnd().split("\n").map(parseHistoryLine);
      const types = records.map((parsed) => ("record" in parsed ? parsed.record.type : parsed.error));
      expect(types).toEqual(["broker.started", "broker.enrolled", "broker.stopped"]);
    },
  );

  test("killed with SIGKILL, it goes on from its data where it was", async () => {
    const data = join(temporaryDirectory(), "data");
    const first = await serve(["--data", data]);
    await run(["submit", "--broker", first.url, "--count", "3", "--", "sleep", "1"]);
    const agent = new SigningClient(first.url);
    await agent.enrol(first.joinToken);
    const { body } = await agent.heartbeat({ slotsFree: 1 });
    expect(body.offers[0].epoch).toBe(1);
    await stop(first, "SIGKILL");
    const second = await serve(["--data", data]);
    expect(second.joinToken).toBe(first.joinToken);
    const jobs = JSON.parse((await run(["jobs", "--broker", second.url, "--json"])).stdout).jobs;
    expect(jobs.map((job: { state: string; epoch: number }) => [job.state, job.epoch])).toEqual([
      ["offered", 1],
      ["queued", 0],
      ["queued", 0],
    ]);
    const locked = await run(["serve", "--port", "0", "--data", data]);
    expect(locked).toMatchObject({ code: 64, stdout: "" });
    expect(locked.stderr).toMatch(/in use by another process\.\nStop the other broker/);
    await stop(second, "SIGTERM");
  });

  test("refuses times that are not safe together, and names the pair", async () => {
    const timing = JSON.stringify({ heartbeatIntervalMs: 1_000, activityTimeoutMs: 1_500 });
    const ended = await run(["serve", "--store", "memory", "--port", "0", "--timing", timing]);
    expect(ended).toMatchObject({ code: 64, stdout: "" });
    expect(ended.stderr).toContain("activityTimeoutMs must be at least 2 × heartbeatIntervalMs");
  });

  test("takes times from a file, and hands them to its agents", async () => {
    const file = join(temporaryDirectory(), "timing.json");
    writeFileSync(file, '{"heartbeatIntervalMs": 500, "activityTimeoutMs": 1500}');
    const served = await serve(["--store", "memory", "--timing", file]);
    const { body } = await new SigningClient(served.url).enrol(served.joinToken);
    expect(body.timing).toMatchObject({ heartbeatIntervalMs: 500, activityTimeoutMs: 1_500, leaseTtlMs: 300_000 });
    expect(await stop(served, "SIGTERM")).toBe(0);
  });

  test("says in one sentence each what is wrong with its start, and what to do", async () => {
    const other = createServer();
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => {
      other.close();
    });
    const address = other.address();
    const port = typeof address === "object" && address !== null ? String(address.port) : "";
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "broker.sqlite"), "something else".repeat(100));
    const memory = ["serve", "--store", "memory"];
    const cases: readonly [readonly string[], RegExp][] = [
      [
        [...memory, "--port", port],
        /^Port \d+ on 127\.0\.0\.1 is in use by another process\.\nChoose another with --port/,
      ],
      [[...memory, "--port", "70000"], /^70000 is not a port\./],
      [[...memory, "--port", "0", "--host", "203.0.113.7"], /^The broker cannot listen on 203\.0\.113\.7/],
      [[...memory, "--timing", "/nowhere/at/all"], /^The timing is not usable: \/nowhere\/at\/all cannot be read/],
      [[...memory, "--timing", '{"leaseTtl": 3}'], /^The timing is not usable: .*leaseTtl/],
      [[...memory, "--data", directory], /^--data has no meaning with --store memory/],
      [["serve", "--port", "0", "--data", directory], /damaged or is no database of a broker/],
      [["serve", "--port", "0", "--data", join(directory, "broker.sqlite", "x")], /cannot be kept in/],
      [["serve", "--store", "redis"], /Allowed choices are memory, sqlite/],
      [["swerve"], /unknown command 'swerve'[\s\S]*Did you mean serve/],
    ];
    const ended = await Promise.all(cases.map(async ([argv]) => await run(argv)));
    ended.forEach(({ code, stdout, stderr }, index) => {
      expect(stderr).toMatch(cases[index]![1]);
      expect(stderr).not.toContain("    at ");
      expect([code, stdout]).toEqual([64, ""]);
    });
    const unwritable = await run(["serve", "--store", "memory", "--port", "0"], {
      HOUSEGUEST_HISTORY: "/nowhere/h.jsonl",
    });
    expect(unwritable).toMatchObject({ code: 64, stderr: expect.stringContaining("cannot be written") });
  });
});

describe("the operator's commands", () => {
  test("submit, list, command, cancel and follow, for people and for pipes", async () => {
    const served = await serve(["--store", "memory"]);
    const broker = ["--broker", served.url];
    const submitted = await run([
      "submit",
      ...broker,
      "--count",
      "2",
      "--name",
      "a\u001b[31mred",
      "--json",
      "--",
      "sh",
      "-c",
      "exit 0",
    ]);
    const { jobIds } = JSON.parse(submitted.stdout) as { jobIds: string[] };
    expect([submitted.code, jobIds.length]).toEqual([0, 2]);
    const list = await run(["jobs", ...broker]);
    expect(list.stdout).toMatch(/^JOB +STATE +EPOCH/);
    expect(list.stdout).toContain("a\\x1b[31mred");
    expect((await run(["cancel", ...broker, jobIds[0]!])).stdout).toBe(`${jobIds[0]} is cancelled.\n`);

    const agent = new SigningClient(served.url);
    await agent.enrol(served.joinToken);
    const waiting = run(["submit", ...broker, "--wait", "--", "true"]);
    const leases = [];
    while (leases.length < 2) {
      for (const { leaseId, epoch } of (await agent.heartbeat()).body.offers) {
        leases.push(leaseId);
        await agent.post(routes.leaseAction(leaseId, "accept"), { epoch });
        const body = { epoch, outcome: "completed", exitCode: 0, progress: 5, result: "done\n" };
        await agent.post(routes.leaseAction(leaseId, "complete"), body);
      }
    }
    const followed = await waiting;
    expect(followed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^job-\S+ {2}completed {2}done\n$/) });
    expect(followed.stderr).toContain("1 completed; progress 5");

    const agents = await run(["agents", ...broker]);
    expect(agents.stdout).toMatch(new RegExp(`^AGENT[\\s\\S]*\\n${agent.agentId.slice(0, 12)} +active +Idle`));
    expect((await run(["command", ...broker, agent.agentId.slice(0, 8), "pause"])).stdout).toContain(
      "pause was sent to agent",
    );
    expect(await run(["command", ...broker, "zzz", "pause"])).toMatchObject({ code: 64 });
    expect(await run(["cancel", ...broker, "job-x-1"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("knows no job"),
    });
    expect(await stop(served, "SIGTERM")).toBe(0);
  });

  test("--wait fails when a job does", async () => {
    const served = await serve(["--store", "memory"]);
    const broker = ["--broker", served.url];
    const waiting = start(["submit", ...broker, "--wait", "--json", "--", "true"]);
    const ended = once(waiting, "close");
    for await (const _ of createInterface({ input: waiting.stderr! })) break;
    const { jobs } = JSON.parse((await run(["jobs", ...broker, "--json"])).stdout);
    await run(["cancel", ...broker, jobs[0].jobId]);
    await ended;
    expect(waiting.exitCode).toBe(1);
    expect(await stop(served, "SIGTERM")).toBe(0);
  });

  test("say what is wrong when no broker answers, or something else does", async () => {
    const other = createHttpServer((_, answer) => answer.end("hi"));
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
    expect((await run(["jobs", "--broker", url])).stderr).toContain("is no broker");
    other.close();
    await once(other, "close");
    const nobody = await run(["jobs", "--broker", url]);
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringMatching(/does not answer: .*\nStart one with/) });
    expect(await run(["jobs", "--broker", "nonsense"])).toMatchObject({ code: 64 });
    expect(await run(["submit", "--broker", url])).toMatchObject({ code: 64 });
  });
});

const federationCommands = ["invite", "accept", "list", "suspend", "resume", "revoke"];
test.each([
  ...["", "serve", "submit", "jobs", "agents", "cancel", "command", "spawn", "executions", "kill", "killswitch"],
  ...["federation", ...federationCommands.map((name) => `federation ${name}`)],
  ...["remote", "remote spawn", "remote list", "remote kill"],
])("help for `%s` has examples", async (command) => {
  const { code, stdout, stderr } = await run(command === "" ? ["--help"] : [...command.split(" "), "--help"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/Examples?:\n {2}\$ broker-sim/);
});

describe("agents that the broker starts", () => {
  test(
    "are started, listed and found again after kill -9 of the broker, and all end by the killswitch",
    manyPrograms,
    async () => {
      const data = join(temporaryDirectory(), "data");
      const first = await serve(["--data", data]);
      const environment = { HOUSEGUEST_BROKER: first.url };
      const spawned = await run(["spawn", "--name", "one", "--sandbox", "process", "--wait", "--json"], environment);
      expect(spawned).toMatchObject({ code: 0, stderr: "" });
      const { execution } = JSON.parse(spawned.stdout);
      expect(execution).toMatchObject({ state: "running", spec: { name: "one", slots: 1, sandbox: "process" } });
      await stop(first, "SIGKILL");
      const second = await serve(["--data", data, "--port", new URL(first.url).port]);
      const listed = await run(["ps", "--state", "running"], environment);
      expect(listed.stdout).toContain(`${execution.executionId}  running  ${execution.pid}`);
      const ended = await run(["killswitch", "--wait"], environment);
      expect(ended).toMatchObject({ code: 0, stdout: `${execution.executionId} has ended.\n` });
      expect((await run(["killswitch"], environment)).stdout).toBe("No agent runs that the broker started.\n");
      const again = await run(["kill", execution.executionId, "--wait", "--json"], environment);
      expect(JSON.parse(again.stdout)).toEqual({ executionIds: [execution.executionId], ended: [] });
      expect((await run(["executions", "--state", "running"], environment)).stdout).toBe("No executions.\n");
      await stop(second, "SIGTERM");
    },
  );

  test("that cannot be started, and ends that cannot be made, fail and say why", async () => {
    const served = await serve(["--store", "memory", "--agent", "/bin/false"]);
    const environment = { HOUSEGUEST_BROKER: served.url };
    const unknown = await run(["kill", "exec-nobody-1"], environment);
    expect(unknown).toMatchObject({ code: 1, stdout: "" });
    expect(unknown.stderr).toMatch(/knows no execution exec-nobody-1\.\n.*broker-sim executions/);
    expect(await run(["spawn", "--slots", "0"], environment)).toMatchObject({ code: 64, stdout: "" });
    expect(await run(["spawn", "--name", "x".repeat(300)], environment)).toMatchObject({ code: 64, stdout: "" });
    const missing = await run(["serve", "--port", "0", "--store", "memory", "--agent", "/no/such/agent"]);
    expect(missing).toMatchObject({ code: 64, stdout: "" });
    await stop(served, "SIGTERM");
  });
});

describe("two federated brokers", () => {
  test(
    "are connected by an invitation, and the hub's operator starts, lists and ends an agent at the spoke",
    manyPrograms,
    async () => {
      const [hub, spoke] = [await serve(["--store", "memory"]), await serve(["--store", "memory"])];
      const [atHub, atSpoke] = [{ HOUSEGUEST_BROKER: hub.url }, { HOUSEGUEST_BROKER: spoke.url }];
      const invited = await run(["federation", "invite", "--name", "hub"], atSpoke);
      expect(invited).toMatchObject({ code: 0, stderr: "" });
      const accepted = await run(["federation", "accept", invited.stdout.trim(), "--name", "lab", "--json"], atHub);
      const { connectionId } = JSON.parse(accepted.stdout).connection;
      expect((await run(["federation", "list"], atSpoke)).stdout).toContain(`${connectionId}  spoke  active`);
      const spawned = await run(["remote", "spawn", connectionId, "--slots", "2", "--json"], atHub);
      const { commandId, execution } = JSON.parse(spawned.stdout).remote;
      expect((await run(["ps"], atSpoke)).stdout).toContain(execution.executionId);
      const listed = await run(["remote", "list", connectionId], atHub);
      expect(listed.stdout).toMatch(new RegExp(`${commandId}  ${execution.executionId}  (spawning|running)`));
      expect((await run(["remote", "kill", connectionId, commandId, "--now"], atHub)).stdout).toMatch(
        /is kill(ing|ed)\.\n/,
      );
      expect((await run(["federation", "suspend", connectionId], atSpoke)).stdout).toContain("is suspended, as spoke");
      const refused = await run(["remote", "list", connectionId], atHub);
      expect(refused).toMatchObject({ code: 1, stdout: "" });
      expect(refused.stderr).toContain("is suspended");
      expect((await run(["federation", "resume", connectionId], atSpoke)).code).toBe(0);
      expect((await run(["federation", "revoke", connectionId], atHub)).stdout).toContain("is revoked, as hub");
      expect((await run(["federation", "resume", connectionId], atHub)).code).toBe(1);
      expect((await run(["federation", "accept", "nonsense"], atHub)).stderr).toContain("That is no invitation");
      expect((await run(["federation", "invite"], atSpoke)).code).toBe(64);
      for (const served of [hub, spoke]) await stop(served, "SIGTERM");
    },
  );
});
