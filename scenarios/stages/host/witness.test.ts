import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

import { afterEach, expect, onTestFinished, test } from "vitest";

import { jobEnvironment, runMarker } from "../../../protocol/job-environment.ts";
import { isStopped } from "./proc.ts";
import { watchUntilStopped, type Witness, witnessSandboxes } from "./witness.ts";

const whose = { run: `witness-test-${process.pid}`, agentId: "a".repeat(64) };
const marks = { [runMarker]: whose.run, [jobEnvironment.agentId]: whose.agentId, [jobEnvironment.leaseId]: "lease-1" };
const started: ChildProcess[] = [];

/** A process of a job's that has begun to run, and ends with its test. */
async function job(script: string): Promise<{ pid: number; child: ChildProcess }> {
  const environment = { ...process.env, ...marks };
  const child = spawn("sh", ["-c", script], { env: environment, stdio: ["pipe", "pipe", "ignore"], detached: true });
  started.push(child);
  await once(child.stdout, "data");
  return { pid: child.pid ?? 0, child };
}

function witness(): Witness {
  const looking = witnessSandboxes(undefined, whose);
  onTestFinished(() => looking.close());
  return looking;
}

/** Keeps this process from looking, as one does that waits for a processor itself. */
function lookAway(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

afterEach(() => {
  for (const { pid } of started.splice(0)) {
    try {
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
});

test("a child that is forked after the witness was made keeps it from seeing everything stopped", async () => {
  const { pid, child } = await job("echo runs; read -r go; sleep 600 & echo $!; wait");
  const looking = witness();
  child.stdin?.write("go\n");
  const [data] = (await once(child.stdout ?? process.stdin, "data")) as [Buffer];
  const forked = Number(data.toString("latin1"));
  process.kill(pid, "SIGSTOP");
  while (!isStopped(pid)) lookAway(0.05);
  expect(looking.allStopped()).toBe(false);
  process.kill(forked, "SIGSTOP");
  expect(watchUntilStopped(looking)).toBeDefined();
  expect(looking.running()).toEqual([]);
});

test("a process that is found only by the search of everything is looked at once more: nobody has seen when it stopped", async () => {
  const looking = witness();
  const { pid } = await job("echo runs; read -r go");
  process.kill(pid, "SIGSTOP");
  while (!isStopped(pid)) lookAway(0.05);
  expect(looking.isComplete()).toBe(false);
  expect(looking.allStopped() && looking.isComplete()).toBe(true);
});

test("who has ended since does not stand still, and who was stopped does", async () => {
  const ends = await job("echo runs; read -r go");
  const stays = await job("echo runs; read -r go");
  const looking = witness();
  const ended = once(ends.child, "exit");
  ends.child.stdin?.write("go\n");
  await ended;
  expect(looking.stopped()).toEqual([]);
  process.kill(stays.pid, "SIGSTOP");
  while (!isStopped(stays.pid)) lookAway(0.05);
  expect(looking.stopped()).toEqual([stays.pid]);
});
