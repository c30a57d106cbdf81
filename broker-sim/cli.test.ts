import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { limits } from "../foundation/limits.ts";
import { parseHistoryLine } from "../protocol/history.ts";
import { routes } from "../protocol/routes.ts";
import { temporaryDirectory } from "./testing/live-broker.ts";
import { redisServer } from "./testing/redis-broker.ts";
import { obstacleToRedis } from "./testing/redis-server.ts";
import { brokerOptions, operatorEnvironment, run, serve, start, stop } from "./testing/served-broker.ts";
import { SigningClient } from "./testing/signing-client.ts";

/** A test that runs a dozen of them, one after the other. */
const manyPrograms = { timeout: 300_000 };

describe("serve", () => {
  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "says where it is in one line, writes its history, and ends on %s: with a goodbye, but for SIGHUP",
    async (signal) => {
      const directory = temporaryDirectory();
      const history = join(directory, "history.jsonl");
      const served = await serve(["--store", "memory", "--join-token", "welcome"], { HOUSEGUEST_HISTORY: history });
      const { child, url } = served;
      expect(served.line).toEqual({
        url,
        joinToken: "welcome",
        addresses: [served.url],
        operatorToken: served.operatorToken,
        store: "memory",
        pid: child.pid,
      });
      const agent = new SigningClient(url);
      expect((await agent.enrol("welcome")).status).toBe(200);
      const headers = { ...agent.headers("GET", routes.events), accept: "text/event-stream" };
      const stream = await fetch(url + routes.events, { headers });
      const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
      let heard = "";
      const listened = (async () => {
        for (let read = await reader.read(); !read.done; read = await reader.read()) {
          heard += read.value;
          // As an agent does that hears it.
          if (heard.includes("event: goodbye"))
            await agent.post(routes.shutdown, { reason: "goodbye", handedBack: [] });
        }
      })();
      expect(await stop(served, signal)).toBe(0);
      await listened;
      expect(heard.includes("event: goodbye")).toBe(signal !== "SIGHUP");
      const records = readFileSync(history, "utf8").trimEnd().split("\n").map(parseHistoryLine);
      const types = records.map((parsed) => ("record" in parsed ? parsed.record.type : parsed.error));
      const left = signal === "SIGHUP" ? [] : ["broker.agent"];
      expect(types).toEqual(["broker.started", "broker.enrolled", ...left, "broker.stopped"]);
    },
  );

  test("waits no longer for agents that do not heed its goodbye when it is signalled again", async () => {
    // The goodbye alone would wait for longer than this test may take.
    const served = await serve([
      "--store",
      "memory",
      "--timing",
      JSON.stringify({ leaseTtlMs: 1_800_000, terminateGraceMs: 180_000 }),
    ]);
    const agent = new SigningClient(served.url);
    await agent.enrol(served.joinToken);
    const headers = { ...agent.headers("GET", routes.events), accept: "text/event-stream" };
    const stream = await fetch(served.url + routes.events, { headers });
    served.child.kill("SIGTERM");
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (let heard = ""; !heard.includes("goodbye"); ) heard += (await reader.read()).value;
    expect(await stop(served, "SIGTERM")).toBe(0);
  });

  test("killed with SIGKILL, it goes on from its data where it was", async () => {
    const data = join(temporaryDirectory(), "data");
    const first = await serve(["--data", data]);
    await run(["submit", ...brokerOptions(first), "--count", "3", "--", "sleep", "1"]);
    const agent = new SigningClient(first.url);
    await agent.enrol(first.joinToken);
    const { body } = await agent.heartbeat({ slotsFree: 1 });
    expect(body.offers[0].epoch).toBe(1);
    await stop(first, "SIGKILL");
    const second = await serve(["--data", data]);
    expect(second.joinToken).toBe(first.joinToken);
    const jobs = jsonOf(await run(["jobs", ...brokerOptions(second), "--json"])).jobs;
    expect(jobs.map((job: { state: string; epoch: number }) => [job.state, job.epoch])).toEqual([
      // Its offer lapsed with the start.
      ["queued", 1],
      ["queued", 0],
      ["queued", 0],
    ]);
    const locked = await run(["serve", "--port", "0", "--data", data]);
    expect(locked).toMatchObject({ code: 64, stdout: "" });
    expect(locked.stderr).toMatch(/in use by another process\.\nStop the other broker/);
    await stop(second, "SIGTERM");
  });

  test("refuses times that are not safe together, and names the pair", async () => {
    const timing = JSON.stringify({ heartbeatIntervalMs: 1_000, activityTimeoutMs: 1_500, leaseTtlMs: 20_000 });
    const ended = await run(["serve", "--store", "memory", "--port", "0", "--timing", timing]);
    expect(ended).toMatchObject({ code: 64, stdout: "" });
    for (const line of ended.stderr.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    const told = ended.stderr.replaceAll(/\n {4}/g, " ");
    expect(told).toMatch(
      /^The times are not mutually safe:\n {2}one-late-heartbeat: activityTimeoutMs 1500 must be at least 2 × heartbeatIntervalMs × \(1 \+ heartbeatJitterRatio\) \+ requestTimeoutMs = 12400 \(heartbeatIntervalMs 1000, heartbeatJitterRatio 0\.2, requestTimeoutMs 10000\): .*; set activityTimeoutMs ≥ 12400, or change heartbeatIntervalMs or heartbeatJitterRatio or requestTimeoutMs\.\n/,
    );
    expect(told).toContain("\n  offer-within-lease: offerTtlMs 30000 must be at most leaseTtlMs");
  });

  test("takes times from a file, and hands them to its agents", async () => {
    const file = join(temporaryDirectory(), "timing.json");
    writeFileSync(file, '{"heartbeatIntervalMs": 500, "activityTimeoutMs": 2500, "requestTimeoutMs": 1000}');
    const served = await serve(["--store", "memory", "--timing", file]);
    const { body } = await new SigningClient(served.url).enrol(served.joinToken);
    expect(body.timing).toMatchObject({ heartbeatIntervalMs: 500, activityTimeoutMs: 2_500, leaseTtlMs: 300_000 });
    expect(await stop(served, "SIGTERM")).toBe(0);
  });

  test("says in one sentence each what is wrong with its start, and what to do", manyPrograms, async () => {
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
      [
        [...memory, "--port", "0", "--host", "203.0.113.7", "--allow-remote"],
        /^The broker cannot listen on 203\.0\.113\.7/,
      ],
      [[...memory, "--port", "0", "--host", "0.0.0.0"], /^0\.0\.0\.0 can be reached.*\nSay so with --allow-remote/],
      [[...memory, "--join-token", "x", "--single-use-tokens"], /^--join-token has no meaning/],
      [[...memory, "--timing", "/nowhere/at/all"], /^The timing is not usable: \/nowhere\/at\/all cannot be read/],
      [[...memory, "--timing", '{"leaseTtl": 3}'], /^The timing is not usable: .*leaseTtl/],
      [[...memory, "--data", directory], /^--data has no meaning with --store memory/],
      [["serve", "--port", "0", "--data", directory], /damaged or is no database of a broker/],
      [["serve", "--port", "0", "--data", join(directory, "broker.sqlite", "x")], /cannot be kept in/],
      [
        ["serve", "--port", "0", "--data", "/proc/houseguest/data"],
        /^The broker's store cannot be kept in \/proc.*ENOENT/,
      ],
      [
        ["serve", "--port", "0", "--data", "/etc/passwd"],
        /^The broker's store cannot be kept in \/etc\/passwd: .* no dir/,
      ],
      [["serve", "--store", "redis"], /^--store redis needs an address in REDIS_URL/],
      [["serve", "--store", "mongo"], /^There is no such store\.\nUse --store memory, --store sqlite/],
      [["serve", "--take-over"], /^--take-over and --allow-volatile have no meaning without a Redis store/],
      [
        ["serve", "--store", "redis://:s3cret@127.0.0.1:1"],
        /^The Redis store redis:\/\/127\.0\.0\.1:1\/0\S+ cannot be used/,
      ],
      [["swerve"], /unknown command 'swerve'[\s\S]*Did you mean serve/],
    ];
    const ended = await Promise.all(cases.map(async ([argv]) => await run(argv)));
    ended.forEach(({ code, stdout, stderr }, index) => {
      expect(stderr).toMatch(cases[index]![1]);
      expect(stderr).not.toContain("    at ");
      expect(stderr).not.toContain("s3cret");
      expect([code, stdout]).toEqual([64, ""]);
    });
    const unwritable = await run(["serve", "--store", "memory", "--port", "0"], {
      HOUSEGUEST_HISTORY: "/nowhere/h.jsonl",
    });
    expect(unwritable).toMatchObject({ code: 64, stderr: expect.stringContaining("cannot be written") });
  });
});

test("whoever has no --data needs no token for the commands, and none is left once the broker has stopped", async () => {
  const state = { XDG_STATE_HOME: temporaryDirectory() };
  const served = await serve([], state);
  const environment = { ...state, HOUSEGUEST_BROKER: served.url };
  expect(await run(["jobs"], environment)).toMatchObject({ code: 0, stderr: "" });
  await stop(served, "SIGTERM");
  expect(readdirSync(join(state.XDG_STATE_HOME, "houseguest-broker"))).not.toContain("operator.json");
});

describe("a broker that cannot leave its token for the commands", () => {
  test.each(["operator.json.new", "operator.json"])(
    "ends again, in one sentence, where %s is in the way",
    async (name) => {
      const data = join(temporaryDirectory(), "data");
      mkdirSync(join(data, name), { recursive: true });
      const ended = await run(["serve", "--data", data, "--port", "0", "--log-level", "info"]);
      expect(ended).toMatchObject({ code: 64, stdout: "" });
      expect(ended.stderr).toMatch(/^The operator's token cannot be left in \S+: .*EISDIR.*\.\nMake room/m);
      expect(ended.stderr).not.toContain("    at ");
      expect(readdirSync(data).filter((one) => one.startsWith("operator.json"))).toEqual([name]);
      // It was closed: nothing of it holds the store.
      rmdirSync(join(data, name));
      const served = await serve(["--data", data]);
      expect(await stop(served, "SIGTERM")).toBe(0);
    },
  );
});

test("a store on Redis leaves the token where the commands look, too", async (context) => {
  const obstacle = obstacleToRedis();
  if (obstacle !== undefined) return context.skip(obstacle);
  const redis = await redisServer();
  const state = { XDG_STATE_HOME: temporaryDirectory() };
  const served = await serve(["--store", redis.url], state);
  expect(await run(["jobs"], { ...state, HOUSEGUEST_BROKER: served.url })).toMatchObject({ code: 0, stderr: "" });
  await stop(served, "SIGTERM");
});

test("a submission that is taken in part says how much of it", async () => {
  const served = await serve(["--store", "memory"]);
  const count = String(limits.jobsLiveMax + 1);
  const { code, stdout, stderr } = await run(["submit", "--count", count, "--", "true"], operatorEnvironment(served));
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^100000 jobs were taken, and then no more: .*\n`broker-sim jobs` lists them/);
  await stop(served, "SIGTERM");
});

describe("the operator's commands", () => {
  test("submit, list, command, cancel and follow, for people and for pipes", manyPrograms, async () => {
    const served = await serve(["--store", "memory"]);
    const broker = brokerOptions(served);
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
    const { jobIds } = jsonOf(submitted) as { jobIds: string[] };
    expect([submitted.code, jobIds.length]).toEqual([0, 2]);
    const list = await run(["jobs", ...broker]);
    expect(list.stdout).toMatch(/^JOB +STATE +PRIORITY +EPOCH/);
    expect(list.stdout).toContain("a\\x1b[31mred");
    const high = await run(["submit", ...broker, "--priority", "-3", "--", "true"]);
    expect((await run(["jobs", ...broker])).stdout).toMatch(new RegExp(`\n${high.stdout.trim()} +queued +-3 +0 `));
    for (const wrong of ["11", "1.5", "high"]) {
      expect(await run(["submit", ...broker, "--priority", wrong, "--", "true"])).toMatchObject({
        code: 64,
        stderr: expect.stringMatching(/ is not a priority\.\nGive --priority a whole number from -10 to 10/),
      });
    }
    expect((await run(["cancel", ...broker, high.stdout.trim()])).code).toBe(0);
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

  test("order misbehaviour, see its effects and undo it; without --faults that is refused by name", async () => {
    const served = await serve(["--store", "memory", "--faults"]);
    const broker = brokerOptions(served);
    const added = await run([
      ...["fault", "add", ...broker, "status", "--status", "503", "--code", "full", "--first", "1"],
      ...["--for", "60000", "--route", `POST ${routes.enrol}`],
    ]);
    expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/^fault-1 is in force: status, until 2/) });
    expect((await run(["fault", "add", ...broker, "hang", "--for", "60000"])).code).toBe(0);
    const agent = new SigningClient(served.url);
    expect((await run(["fault", "remove", ...broker, "fault-2"])).stdout).toBe(
      "fault-2 is undone. It had no effect.\n",
    );
    expect((await agent.enrol(served.joinToken)).body.code).toBe("full");
    expect((await agent.enrol(served.joinToken)).status).toBe(200);
    const list = await run(["fault", "list", ...broker]);
    expect(list.stdout).toMatch(/fault-1 +status +POST \/api\/v1\/agent\/enrol +- +1 effect +used-up\nfault-2 +hang/);
    expect(await run(["fault", "remove", ...broker, "fault-9"])).toMatchObject({ code: 1 });
    const wrong = await run(["fault", "add", ...broker, "latency", "--for", "60000"]);
    expect(wrong).toMatchObject({ code: 64, stderr: expect.stringContaining("needs --delay") });
    expect(await stop(served, "SIGTERM")).toBe(0);

    const plain = await serve(["--store", "memory"]);
    const refused = await run(["fault", "list", ...brokerOptions(plain)]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/without --faults[\s\S]*serve --faults/) });
    expect(await stop(plain, "SIGTERM")).toBe(0);
  });

  test("make, list and revoke join tokens, each for one agent", async () => {
    const served = await serve(["--store", "memory", "--single-use-tokens"]);
    const broker = brokerOptions(served);
    expect(served.joinToken).toBe("");
    const created = jsonOf(await run(["token", "create", ...broker, "--expires", "60000", "--json"]));
    const [first, second] = [new SigningClient(served.url), new SigningClient(served.url)];
    expect((await first.enrol(created.joinToken)).status).toBe(200);
    expect((await second.enrol(created.joinToken)).status).toBe(403);
    expect((await run(["token", "list", ...broker])).stdout).toMatch(
      new RegExp(`^TOKEN +EXPIRES +USED BY\\n${created.tokenId} +2\\S+ +${first.agentId.slice(0, 12)}\\n$`),
    );
    const human = await run(["token", "create", ...broker]);
    expect(human.stdout).toMatch(/^join-\S+\nIt lets one agent in, until 2/);
    expect((await run(["token", "revoke", ...broker, created.tokenId])).code).toBe(0);
    expect((await run(["token", "revoke", ...broker, created.tokenId])).code).toBe(1);
    expect((await run(["drain", ...broker])).stdout).toMatch(/^The broker drains/);
    expect((await fetch(served.url + routes.ready)).status).toBe(503);
    expect((await run(["jobs", ...broker, "--dead"])).stdout).toBe("No jobs.\n");
    expect(await stop(served, "SIGTERM")).toBe(0);
  });

  test("--wait fails when a job does", async () => {
    const served = await serve(["--store", "memory"]);
    const broker = brokerOptions(served);
    const waiting = start(["submit", ...broker, "--wait", "--json", "--", "true"]);
    const ended = once(waiting, "close");
    for await (const _ of createInterface({ input: waiting.stderr! })) break;
    const { jobs } = jsonOf(await run(["jobs", ...broker, "--json"]));
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
    // Not there, where another test's server may be next.
    const nobody = await run(["jobs", "--broker", "http://127.0.0.1:9"]);
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringMatching(/does not answer: .*\nStart one with/) });
    expect(await run(["jobs", "--broker", "nonsense"])).toMatchObject({ code: 64 });
    expect(await run(["submit", "--broker", url])).toMatchObject({ code: 64 });
  });
});

const federationCommands = ["invite", "accept", "list", "suspend", "resume", "revoke"];
test.each([
  ...["", "serve", "submit", "jobs", "agents", "cancel", "command", "drain"],
  ...["fault", "fault add", "fault list", "fault remove", "token", "token create", "token list", "token revoke"],
  ...["spawn", "executions", "kill", "killswitch", "remote", "remote spawn", "remote list", "remote kill"],
  ...["federation", ...federationCommands.map((name) => `federation ${name}`)],
])("help for `%s` has examples", async (command) => {
  const { code, stdout, stderr } = await run([...command.split(" ").filter(Boolean), "--help"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/Examples?:\n {2}\$ broker-sim/);
});
