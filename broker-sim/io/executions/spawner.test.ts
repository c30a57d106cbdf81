import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { pino } from "pino";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { spawnEnvironment } from "../../../protocol/job-environment.ts";
import { temporaryDirectory } from "../../testing/live-broker.ts";
import type { ExecutionRecord } from "../../core/executions/execution-record.ts";
import { AgentProgram } from "./agent-program.ts";
import { familyOf, isThere, listProcesses, markOf } from "./host-processes.ts";
import { type HostReport, Spawner } from "./spawner.ts";

const stubborn = [process.execPath, join(import.meta.dirname, "..", "..", "testing", "stubborn-agent.ts")] as const;
const spec = { slots: 1, sandbox: "auto" } as const;
const broker = { url: "http://127.0.0.1:9", joinToken: async () => "welcome" };
const executionId = "exec-a-1";
const until = { timeout: 60_000, interval: 10 };

/** A spawner with a program of the test's, and what it told. */
class Scene {
  readonly directory: string;
  readonly brokerId: string;
  readonly told: HostReport[] = [];
  readonly program: AgentProgram;
  readonly spawner: Spawner;

  constructor(
    command: readonly [string, ...string[]],
    { directory = temporaryDirectory(), brokerId = randomUUID() }: { directory?: string; brokerId?: string } = {},
  ) {
    this.directory = directory;
    this.brokerId = brokerId;
    this.program = new AgentProgram({ command, directory, brokerId, endsWithBroker: false });
    const report = async (one: HostReport): Promise<void> => void this.told.push(one);
    this.spawner = new Spawner({ program: this.program, brokerId, log: pino({ level: "silent" }), report });
    this.spawner.joinAt(broker);
    onTestFinished(async () => {
      this.spawner.perform({ kind: "kill-process", executionId, graceMs: 0 });
      await this.spawner.idle();
      this.spawner.close();
    });
  }

  start(): this {
    this.spawner.perform({ kind: "spawn-process", executionId, spec });
    return this;
  }

  end(graceMs: number): void {
    this.spawner.perform({ kind: "kill-process", executionId, graceMs });
  }

  async tells(type: HostReport["type"]): Promise<HostReport> {
    return await vi.waitFor(() => {
      const report = this.told.find((one) => one.type === type);
      if (report === undefined) throw new Error(`nobody told ${type}: ${JSON.stringify(this.told)}`);
      return report;
    }, until);
  }

  /** The grandchild's pid, once it is there. */
  async ready(): Promise<number> {
    return await vi.waitFor(() => {
      const [, pid] = /^ready (\d+)$/m.exec(readFileSync(join(this.directory, `${executionId}.log`), "utf8")) ?? [];
      if (pid === undefined) throw new Error("it is not ready");
      return Number(pid);
    }, until);
  }
}

const record = (over: Partial<ExecutionRecord>): ExecutionRecord => ({
  ...{ executionId, spec, state: "spawning", process: null, spawnedAt: 1, startedAt: null, completedAt: null },
  ...{ exitCode: null, error: null, origin: null, killReason: null, ...over },
});

describe("the spawner", () => {
  test("starts a process that says whose it is, and tells its pid and how it ended", async () => {
    const scene = new Scene(["/bin/sh", "-c", "echo it went wrong >&2; exit 3", "agent"]).start();
    const [spawned, exited] = [await scene.tells("spawned"), await scene.tells("exited")];
    expect(spawned).toMatchObject({ executionId, process: { pid: expect.any(Number) } });
    expect(exited).toMatchObject({ executionId, end: { exitCode: 3, signal: null, detail: "it went wrong" } });
    expect(scene.told.map(({ type }) => type)).toEqual(["spawned", "exited"]);
    expect(existsSync(join(scene.directory, `${executionId}.log`))).toBe(false);
  });

  test("tells of a program that cannot be started", async () => {
    const scene = new Scene([join(temporaryDirectory(), "no-such-program")]).start();
    expect(await scene.tells("spawn-failed")).toMatchObject({ error: expect.stringContaining("ENOENT") });
    const unlistening = new Scene(["/bin/true"], { directory: "/dev/null/spawned" }).start();
    expect(await unlistening.tells("spawn-failed")).toMatchObject({ error: expect.stringContaining("ENOTDIR") });
  });

  test("ends an agent that heeds SIGTERM without force", async () => {
    const scene = new Scene(["/bin/sh", "-c", "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done"]).start();
    const log = join(scene.directory, `${executionId}.log`);
    await vi.waitFor(() => expect(readFileSync(log, "utf8")).toBe("up\n"), until);
    scene.end(60_000);
    expect(await scene.tells("exited")).toMatchObject({ end: { exitCode: 0, signal: null } });
  });

  test("ends one that ignores SIGTERM after the grace, with whatever it started", async () => {
    const scene = new Scene(stubborn).start();
    const grandchild = markOf(await scene.ready())!;
    scene.end(200);
    expect(await scene.tells("exited")).toMatchObject({ end: { exitCode: null, signal: "SIGKILL" } });
    expect(isThere(grandchild)).toBe(false);
    expect(
      familyOf({ brokerId: scene.brokerId, executionId, home: scene.program.home(executionId), root: null }),
    ).toEqual([]);
  });

  test("uses force at once when it is asked again to", async () => {
    const scene = new Scene(stubborn).start();
    await scene.ready();
    scene.end(100_000);
    scene.end(100_000);
    scene.end(0);
    expect(await scene.tells("exited")).toMatchObject({ end: { signal: "SIGKILL" } });
  });

  test("tells no end before the processes that an agent left behind are gone too", async () => {
    const scene = new Scene(stubborn).start();
    const grandchild = markOf(await scene.ready())!;
    const spawned = await scene.tells("spawned");
    process.kill(spawned.type === "spawned" ? spawned.process.pid : 0, "SIGKILL");
    await scene.tells("exited");
    expect(isThere(grandchild)).toBe(false);
  });

  test("finds what an earlier broker started before it could note so, and sees its end", async () => {
    const first = new Scene(stubborn).start();
    await first.ready();
    const spawned = await first.tells("spawned");
    const second = new Scene(stubborn, first);
    await second.spawner.lookAround([record({})]);
    expect(await second.tells("found")).toEqual({ ...spawned, type: "found" });
    second.end(0);
    expect(await second.tells("exited")).toMatchObject({ end: { exitCode: null, signal: null } });
  });

  test("finds what nobody knows, and leaves alone what another broker started", async () => {
    const first = new Scene(stubborn).start();
    await first.ready();
    const again = new Scene(stubborn, first);
    await again.spawner.lookAround([record({ state: "failed", completedAt: 2 })]);
    expect(await again.tells("found")).toMatchObject({ executionId });
    const other = new Scene(stubborn, { directory: first.directory });
    await other.spawner.lookAround([]);
    expect(other.told).toEqual([]);
  });

  test("takes a process that was given the pid of one that is gone for another one", async () => {
    const scene = new Scene(["/bin/true"]);
    const imposter = { pid: process.pid, startedAs: "another boot 17" };
    await scene.spawner.lookAround([record({ state: "running", process: imposter, startedAt: 1 })]);
    expect(await scene.tells("missing")).toEqual({ type: "missing", executionId });
    expect(isThere(imposter)).toBe(false);
    expect(isThere(markOf(process.pid)!)).toBe(true);
  });

  test("ends what is left of an agent whose first process is gone, before it is told to be missing", async () => {
    const scene = new Scene(["/bin/true"]);
    const env = { [spawnEnvironment.brokerId]: scene.brokerId, [spawnEnvironment.executionId]: executionId };
    const left = spawn("sleep", ["100"], { env: { ...process.env, ...env }, stdio: "ignore" });
    onTestFinished(() => void left.kill("SIGKILL"));
    const mark = markOf(left.pid!)!;
    await vi.waitFor(() => expect(readFileSync(`/proc/${left.pid}/comm`, "utf8")).toBe("sleep\n"), until);
    const gone = { pid: 1, startedAs: "before" };
    await scene.spawner.lookAround([record({ state: "running", process: gone, startedAt: 1 })]);
    await scene.tells("missing");
    expect(isThere(mark)).toBe(false);
  });

  test("keeps the home of an agent that could not be withdrawn, and says what cleans it up", async () => {
    const scene = new Scene(["/bin/sh", "-c", 'test "$1" = withdraw && exit 1; mkdir "$4"; exit 0', "agent"]).start();
    const exited = await scene.tells("exited");
    const home = scene.program.home(executionId);
    expect(exited).toMatchObject({ end: { detail: expect.stringContaining(`donor-agent withdraw --home ${home}`) } });
    expect(existsSync(home)).toBe(true);
  });

  test("has homes withdrawn of which the store knows nothing", async () => {
    const scene = new Scene(["/bin/sh", "-c", 'rmdir "$3"', "agent"]);
    mkdirSync(scene.program.home(executionId));
    writeFileSync(join(scene.directory, "something-else"), "");
    await scene.spawner.lookAround([]);
    await vi.waitFor(() => expect(existsSync(scene.program.home(executionId))).toBe(false), until);
    expect(existsSync(join(scene.directory, "something-else"))).toBe(true);
  });

  test("tells nothing any more once it is closed", async () => {
    const scene = new Scene(["/bin/sh", "-c", "exec sleep 100"]).start();
    await scene.tells("spawned");
    scene.spawner.close();
    scene.end(0);
    await scene.spawner.idle();
    expect(scene.told.map(({ type }) => type)).toEqual(["spawned"]);
  });

  test("never starts an agent that was ended before its token was there", async () => {
    const scene = new Scene(["/bin/true"]);
    const token = Promise.withResolvers<string>();
    scene.spawner.joinAt({ url: broker.url, joinToken: async () => await token.promise });
    scene.start().end(60_000);
    expect(scene.told).toEqual([]);
    token.resolve("welcome");
    await scene.spawner.idle();
    expect(scene.told).toMatchObject([{ type: "spawn-failed", executionId }]);
    expect(existsSync(join(scene.directory, `${executionId}.log`))).toBe(false);
  });

  test("tells why there is no token for an agent, and starts none", async () => {
    const scene = new Scene(["/bin/true"]);
    const joinToken = async () => await Promise.reject(new Error("the tokens are used up"));
    scene.spawner.joinAt({ url: broker.url, joinToken });
    const told = await scene.start().tells("spawn-failed");
    expect(told).toMatchObject({ error: "it cannot be started: the tokens are used up" });
  });

  test("sees every process of this host once", () => {
    const pids = listProcesses().map(({ pid }) => pid);
    expect(pids).toContain(process.pid);
    expect(new Set(pids).size).toBe(pids.length);
  });
});
