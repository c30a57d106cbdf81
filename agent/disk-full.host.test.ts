import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { WithdrawalReport } from "../protocol/withdrawal-report.ts";
import { homePaths } from "./io/home-paths.ts";
import { AgentProcess, endlessJob, tinyBroker, until } from "./testing/agent-process.ts";
import { LogFile } from "./log.ts";
import { SmallDisk } from "./testing/small-disk.ts";
import type { TinyBroker } from "./testing/tiny-broker.ts";

const onFinished = onTestFinished;
const isRoot = process.getuid?.() === 0;

const joining = ["join", "--foreground", "--json", "--log-in-home", "--slots", "2", "--sandbox", "process"];

/** An agent at work on a disk that is filled to its last byte. */
async function agentOnFullDisk(broker: TinyBroker) {
  const disk = new SmallDisk("size=256k", onFinished);
  const paths = homePaths(join(disk.place, "home"), {});
  broker.jobs.push(endlessJob);
  const agent = new AgentProcess({ paths, args: [...joining, "--broker", broker.url, "--token", "t"], onFinished });
  await agent.ready();
  await agent.busy(1);
  // A write of the agent that found no room may give back what it had taken.
  await until(() => {
    disk.fill();
    return disk.bytesFree === 0;
  });
  return { disk, paths, agent };
}

/** Waits until so many have come since the one that may be under way. */
async function heartbeats({ calls }: TinyBroker, count: number): Promise<void> {
  const beats = () => calls.filter((path) => path.endsWith("/heartbeat")).length;
  const before = beats();
  await until(() => beats() > before + count);
}

describe.skipIf(!isRoot)("on a disk that is full (skipped: needs root, to mount a small one)", () => {
  test("an agent goes on, takes no job, says so, pauses, resumes, and leaves nothing", async () => {
    const broker = await tinyBroker(onFinished);
    const { disk, agent, paths } = await agentOnFullDisk(broker);
    expect(await agent.ask({ command: "status" })).toMatchObject({ status: { state: "Working", diskFull: true } });
    broker.jobs.push(endlessJob);
    // What was free for the broker in a heartbeat that was under way is declined, and nothing later.
    await heartbeats(broker, 10);
    expect(broker.calls.filter((path) => path.endsWith("/accept"))).toHaveLength(1);
    for (let cycle = 0; cycle < 5; cycle += 1) {
      expect((await agent.ask({ command: "pause" })).pause).toMatchObject({ frozenSandboxes: 1 });
      await agent.ask({ command: "resume" });
    }
    disk.fill();
    await agent.ask({ command: "pause" });
    const { report } = await agent.ask({ command: "withdraw" });
    expect(WithdrawalReport.parse(report)).toMatchObject({ clean: true, directoriesLeft: [], processesLeft: [] });
    expect(await agent.exited).toMatchObject({ code: 0 });
    expect(existsSync(paths.home)).toBe(false);
    expect(readdirSync(disk.place)).toEqual(["fill"]);
    expect(disk.bytesFree).toBeGreaterThan(32 * 1024);
  });

  test("a log loses lines and harms nobody, and tells how many when there is room again", () => {
    const disk = new SmallDisk("size=64k", onFinished);
    const log = new LogFile(join(disk.place, "agent.log"));
    const line = `${JSON.stringify({ long: "x".repeat(3_000) })}\n`;
    log.write(line);
    disk.fill();
    for (let count = 0; count < 4; count += 1) log.write(line);
    rmSync(join(disk.place, "fill"));
    log.write("kept\n");
    const lines = readFileSync(join(disk.place, "agent.log"), "utf8").split("\n");
    expect(lines.slice(0, 1)).toEqual([line.trimEnd()]);
    expect(JSON.parse(lines.at(-3) ?? "")).toMatchObject({
      level: 40,
      msg: expect.stringMatching(/^4 lines .*ENOSPC/),
    });
    expect(lines.slice(-2)).toEqual(["kept", ""]);
  });

  test("an agent works again once there is room", async () => {
    const broker = await tinyBroker(onFinished);
    const { disk, agent } = await agentOnFullDisk(broker);
    rmSync(join(disk.place, "fill"));
    broker.jobs.push(endlessJob);
    await agent.busy(2);
    expect(await agent.ask({ command: "status" })).toMatchObject({ status: { diskFull: false } });
  });

  test("an agent that was killed on it is taken away by a withdrawal", async () => {
    const broker = await tinyBroker(onFinished);
    const { disk, agent, paths } = await agentOnFullDisk(broker);
    agent.child.kill("SIGKILL");
    await agent.exited;
    const withdraw = await new AgentProcess({ paths, args: ["withdraw", "--json"], onFinished }).exited;
    expect(withdraw.code, withdraw.stderr).toBe(0);
    expect(jsonOf(withdraw)).toMatchObject({ clean: true });
    expect(readdirSync(disk.place)).toEqual(["fill"]);
  });

  test.each(["size=4k", "size=16k", ...[2, 3, 4, 5].map((count) => `size=1m,nr_inodes=${count}`)])(
    "a start that has no room (%s) is the machine's fault, and leaves nothing",
    async (options) => {
      const broker = await tinyBroker(onFinished);
      const disk = new SmallDisk(options, onFinished);
      // The home is the mount point itself: it cannot be made beside its place, nor renamed away.
      const paths = homePaths(disk.place, {});
      const agent = new AgentProcess({ paths, args: [...joining, "--broker", broker.url, "--token", "t"], onFinished });
      const exit = await agent.exited;
      expect(exit, exit.stderr).toMatchObject({ code: 64, stderr: expect.stringMatching(/disk .*is full/) });
      expect(readdirSync(disk.place)).toEqual([]);
    },
  );

  test.each(["size=48k", "size=64k", ...[6, 7].map((count) => `size=1m,nr_inodes=${count}`)])(
    "an agent that has room for itself alone (%s) takes no job, says so, and leaves nothing",
    async (options) => {
      const broker = await tinyBroker(onFinished);
      const disk = new SmallDisk(options, onFinished);
      const paths = homePaths(disk.place, {});
      const agent = new AgentProcess({ paths, args: [...joining, "--broker", broker.url, "--token", "t"], onFinished });
      await agent.ready();
      if (options.startsWith("size=64k")) disk.fill();
      await until(async () => (await agent.ask({ command: "status" })).status?.diskFull === true);
      // A heartbeat that was under way when the room was gone still says that there are slots, and is given a job.
      await heartbeats(broker, 2);
      broker.jobs.push(endlessJob);
      await heartbeats(broker, 3);
      expect(await agent.ask({ command: "status" })).toMatchObject({ status: { state: "Idle", diskFull: true } });
      await agent.ask({ command: "pause" });
      const { report } = await agent.ask({ command: "withdraw" });
      expect(report).toMatchObject({ clean: true });
      await agent.exited;
      expect(readdirSync(disk.place).filter((name) => name !== "fill")).toEqual([]);
      expect(broker.jobs).toHaveLength(1);
    },
  );
});
