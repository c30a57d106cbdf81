import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

import { expect, onTestFinished, test } from "vitest";

import { listensFor } from "./listens-for.ts";

/** A process that has said it is ready, and waits for its stdin to close. */
async function started(command: readonly string[]): Promise<number> {
  const [program = "", ...args] = command;
  const child: ChildProcess = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  return child.pid as number;
}

test("a signal is listened for by who handles it, and not by who ignores it or leaves it alone", async () => {
  const pid = await started(["sh", "-c", "trap : USR1; trap '' HUP; echo ready; read line"]);
  expect(listensFor(pid, "SIGUSR1")).toBe(true);
  expect(listensFor(pid, "SIGHUP")).toBe(false);
  expect(listensFor(pid, "SIGUSR2")).toBe(false);
});

test("who blocks it may do so for a moment, and has to handle it as well", async () => {
  // env(1) of coreutils hands the mask on to what it executes.
  const blocks = async (script: string): Promise<number> =>
    await started(["env", "--block-signal=USR1", "sh", "-c", `${script}echo ready; read line`]);
  expect(listensFor(await blocks(""), "SIGUSR1")).toBe(false);
  expect(listensFor(await blocks("trap : USR1; "), "SIGUSR1")).toBe(true);
});

test("nobody listens who is gone", async () => {
  const child = spawn("true");
  await once(child, "exit");
  expect(listensFor(child.pid as number, "SIGUSR1")).toBe(false);
});
