import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";

import { readProcess } from "../proc-stat.ts";
import { assert } from "../../../foundation/assert.ts";
import { cpuTicks, type Started, until } from "./driver-bed.ts";

/** Burns CPU for ever, as far as a test is concerned: it ends by itself should a test forget it. */
export const burn = "(ulimit -t 60; while :; do :; done)";
export const burnHere = "ulimit -t 60; while :; do :; done";
/**
 * Does nothing for ever, as far as a test is concerned, and takes no processor from the tests of another file: for a job
 * of which only matters that it is there. Of the shell's traps it keeps those that ignore.
 */
export const idle = "sleep 600";
export const idleHere = "exec sleep 600";
/** A job waits here until `openGate`. It waits in the shell itself, so that there is no other process to be seen. */
export const atGate = "until [ -e go ]; do :; done";
/** Lets a job through `atGate` once its driver has looked at it there: what it does next, it does between two looks. */
export function openGate({ sandbox, file }: Pick<Started, "sandbox" | "file">): void {
  assert(sandbox.processes().length > 0, "the driver sees the job at its gate");
  writeFileSync(file("go"), "");
}
/**
 * Script that leaves behind one of whom neither environment nor session nor parent tells whose it is; its pid stands in
 * the file. Behind a gate a job does this between two looks.
 */
export function fleeing(file: string): string {
  return `env -i setsid sh -c 'sh -c "echo \\$\\$ > ${file}; ${burnHere}" &'`;
}
/** Waits until the shell that started one which flees has ended: until then it would be counted with it. */
export async function hasFled(pid: number): Promise<void> {
  await until(() => readProcess(readProcess(pid)?.parent ?? 0)?.name !== "sh", "whoever started it has ended");
}

export const soon = { graceMs: 100, deadlineMs: 60_000 };

/** Resolves when this host has given a process outside every sandbox a tenth of a second of CPU. */
export async function timePasses(): Promise<void> {
  const witness: ChildProcess = spawn("sh", ["-c", burnHere], { stdio: "ignore" });
  const { pid } = witness;
  if (pid === undefined) throw new Error("the witness could not be started");
  const ended = once(witness, "exit");
  try {
    await until(() => cpuTicks(pid) >= 10, "time passes");
  } finally {
    witness.kill("SIGKILL");
    await ended;
  }
}
