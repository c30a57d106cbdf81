import { spawn } from "node:child_process";

import { expect, onTestFinished, test } from "vitest";

import { readProcess } from "./proc-stat.ts";
import type { Member } from "./process-table.ts";
import { stopProcesses } from "./stop-processes.ts";

/** Burns in two processes of one group, in a session of its own. */
function burning(): number {
  const { pid = 0 } = spawn("sh", ["-c", "ulimit -t 60; (while :; do :; done) & while :; do :; done"], {
    detached: true,
    stdio: "ignore",
  });
  onTestFinished(() => void process.kill(-pid, "SIGKILL"));
  return pid;
}

function memberOf(pid: number): Member {
  const stat = readProcess(pid);
  if (stat === null) throw new Error("It has ended.");
  return { ...stat, leaseId: "lease-1" };
}

test("those remembered have stopped before anybody is looked for", () => {
  const remembered = memberOf(burning());
  const statesWhenLooking: (string | undefined)[] = [];
  const { stopped, running } = stopProcesses({
    remembered: [remembered],
    find: (onFound) => {
      const now = memberOf(remembered.pid);
      statesWhenLooking.push(now.state);
      onFound(now);
      return [now];
    },
    cleanRounds: 2,
  });
  expect(statesWhenLooking).toEqual(["T", "T"]);
  expect(stopped.map(({ pid }) => pid)).toEqual([remembered.pid]);
  expect(running).toEqual([]);
});

test("whoever had stopped itself before is not among those to go on, though it was remembered", async () => {
  const pid = burning();
  const remembered = memberOf(pid);
  process.kill(pid, "SIGSTOP");
  await expect.poll(() => readProcess(pid)?.state).toBe("T");
  const { stopped, processes } = stopProcesses({
    remembered: [remembered],
    find: (onFound) => {
      const now = memberOf(pid);
      onFound(now);
      return [now];
    },
    cleanRounds: 2,
  });
  expect({ stopped, processes }).toEqual({ stopped: [], processes: 1 });
});
