import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { steadyNodeFlags } from "../foundation/steady-node.ts";
import { launcher } from "./autostart/hook.ts";
import { homePaths } from "./io/home-paths.ts";
import { FileHostLedger } from "./io/host-ledger.ts";
import { homeNote } from "./recovered.ts";
import { AgentProcess, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryDirectory, temporaryHome } from "./testing/temporary-home.ts";

const onFinished = onTestFinished;

/** A home and its broker, and starts of the agent that lives there. */
async function household() {
  const broker = await tinyBroker(onFinished);
  const paths = temporaryHome();
  const start = async (...args: string[]) => {
    const agent = new AgentProcess({ paths, args: ["join", "--foreground", "--json", ...args], onFinished });
    const ready = await agent.ready();
    return { agent, ready };
  };
  /** What a job that is started now is told of its limits. */
  const limits = async () => {
    const lease = `lease-${broker.leases.size + 1}`;
    const inCgroup = 'cat "/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)/$1" 2>/dev/null || echo none';
    const tell = `{ ulimit -v; ulimit -u; } 2>/dev/null; set -- memory.max; ${inCgroup}; set -- pids.max; ${inCgroup}`;
    broker.jobs.push(["/bin/bash", "-c", `{ ${tell}; } > "$HOUSEGUEST_RESULT_FILE"`]);
    await until(() => broker.completed.has(lease));
    return broker.completed.get(lease)?.result;
  };
  const end = async ({ child, exited }: AgentProcess) => {
    child.kill("SIGTERM");
    await exited;
  };
  return { broker, paths, start, limits, end };
}

const first = ["--sandbox", "process", "--job-processes", "33", "--job-memory", "100", "--checkpoint-interval", "700"];

test("a later start keeps the terms of before, also after a kill, and changes the ones that it names", async () => {
  const { broker, paths, start, limits, end } = await household();
  const joined = await start("--broker", broker.url, "--token", "t", "--slots", "1", ...first);
  const before = await limits();
  expect(before).toMatch(/102400|104857600/);
  joined.agent.child.kill("SIGKILL");
  await joined.agent.exited;

  const again = await start();
  expect(again.ready).toMatchObject({ driver: "process" });
  expect(await limits()).toBe(before);
  await end(again.agent);

  const changed = await start("--job-memory", "50");
  const after = await limits();
  expect(after).toBe(before?.replaceAll("102400", "51200").replaceAll("104857600", "52428800"));
  await end(changed.agent);
  const last = await start();
  expect(await limits()).toBe(after);
  await end(last.agent);
  expect(homeNote(new FileHostLedger(paths.ledger))?.terms).toEqual({
    sandbox: { driver: "process", network: null, read: [] },
    limits: { processesMax: 33, memoryBytesMax: 50 * 1024 ** 2, cpusMax: null },
    checkpointIntervalMs: 700,
  });
});

test("terms that do not work here are not kept", async () => {
  const { broker, start, paths, end } = await household();
  const joined = await start("--broker", broker.url, "--token", "t", "--sandbox", "process");
  await end(joined.agent);
  const args = ["join", "--foreground", "--job-network", "none"];
  const refused = await new AgentProcess({ paths, args, onFinished }).exited;
  expect(refused).toMatchObject({ code: 64, stderr: expect.stringContaining("--job-network host") });
  await end((await start()).agent);
});

test("what jobs may read is named by what is there, kept, replaced and forgotten", async () => {
  const { broker, start, paths, end } = await household();
  const kept = () => homeNote(new FileHostLedger(paths.ledger))?.terms?.sandbox.read;
  const bad = ["join", "--foreground", "--broker", broker.url, "--token", "t", "--job-read", "/no/such/place"];
  expect(await new AgentProcess({ paths, args: bad, onFinished }).exited).toMatchObject({ code: 64 });
  await end((await start("--broker", broker.url, "--token", "t", "--job-read", "/usr", "--job-read", "/etc")).agent);
  expect(kept()).toEqual(["/usr", "/etc"]);
  await end((await start()).agent);
  expect(kept()).toEqual(["/usr", "/etc"]);
  await end((await start("--job-read", "/bin/sh")).agent);
  expect(kept()).toEqual(["/bin/sh"]);
  await end((await start("--job-read-nothing")).agent);
  expect(kept()).toEqual([]);
});

test("a token that does not work does not take the place of one that does", async () => {
  const { broker, start, end } = await household();
  broker.joinToken = "right";
  await end((await start("--broker", broker.url, "--token", "right")).agent);
  // Whoever is known is let in with any.
  await end((await start("--token", "wrong")).agent);
  broker.enrolled.clear();
  await end((await start()).agent);
  expect(broker.enrolled.size).toBe(1);
  // The broker has a new one, and forgot the agent.
  broker.joinToken = "new";
  await end((await start("--token", "new")).agent);
  broker.enrolled.clear();
  await end((await start()).agent);
  expect(broker.enrolled.size).toBe(1);
});

test("the agent in the background has its token neither in arguments nor environment, and a Node that seldom collects", async () => {
  const broker = await tinyBroker(onFinished);
  broker.joinToken = "a-secret-token";
  const paths = temporaryHome();
  const args = [launcher, "join", "--json", "--home", paths.home, "--broker", broker.url];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, HOUSEGUEST_JOIN_TOKEN: "a-secret-token" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise((resolve) => child.once("close", resolve));
  onFinished(async () => {
    await new AgentProcess({ paths, args: ["withdraw"], onFinished: () => undefined }).exited;
    await ended;
  });
  expect(await ended).toBe(0);
  const { pid } = JSON.parse(said) as { pid: number };
  for (const file of ["environ", "cmdline"]) {
    expect(readFileSync(`/proc/${pid}/${file}`, "utf8")).not.toContain("a-secret-token");
  }
  const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  expect(words.slice(1, 5)).toEqual([...steadyNodeFlags, launcher]);
});

test.each([
  ["a user and a password", "http://me:hidden@127.0.0.1:9", "no user or password"],
  ["a path", "http://127.0.0.1:9/broker", "no path, query or fragment"],
  ["a query", "http://127.0.0.1:9/?x=1", "no path, query or fragment"],
  ["a fragment", "http://127.0.0.1:9/#x", "no path, query or fragment"],
])("a broker's address with %s is a usage error that leaves nothing", async (_, url, why) => {
  const paths = homePaths(`${temporaryDirectory()}/data/home`, {});
  const args = ["join", "--foreground", "--broker", url, "--token", "t"];
  const exit = await new AgentProcess({ paths, args, onFinished }).exited;
  expect(exit).toMatchObject({ code: 64, stderr: expect.stringContaining(why) });
  expect(exit.stderr).not.toContain("hidden");
  expect(existsSync(dirname(paths.home))).toBe(false);
});
