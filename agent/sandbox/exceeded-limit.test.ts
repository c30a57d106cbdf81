import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { exceededLimit } from "./exceeded-limit.ts";

const job = { jobId: "job-1", workspaceBytesMax: 8 };
const killed = { exitCode: null, signal: "SIGKILL" };
let cgroup: string;
beforeEach(() => {
  cgroup = mkdtempSync(join(tmpdir(), "houseguest-exceeded-"));
});
afterEach(() => {
  rmSync(cgroup, { recursive: true });
});

/** As the kernel writes them (Documentation/admin-guide/cgroup-v2.rst). */
function writeEvents({
  oom = 0,
  oomKill = 0,
  refused = 0,
}: {
  oom?: number;
  oomKill?: number;
  refused?: number;
}): void {
  const memory = ["low 0", "high 0", "max 7", `oom ${oom}`, `oom_kill ${oomKill}`, "oom_group_kill 1", ""];
  writeFileSync(join(cgroup, "memory.events"), memory.join("\n"));
  writeFileSync(join(cgroup, "memory.max"), "1048576\n");
  writeFileSync(join(cgroup, "pids.events"), `max ${refused}\n`);
  writeFileSync(join(cgroup, "pids.max"), "64\n");
}

test("a job that the kernel killed for its memory is told from one that it killed for the host's", () => {
  writeEvents({ oom: 1, oomKill: 3, refused: 1 });
  const detail = "job-1 was killed by the kernel, because its memory reached the 1048576 bytes that are allowed";
  expect(exceededLimit(killed, { ...job, cgroup })).toEqual({ limit: "memory", detail });
  writeEvents({ oomKill: 3 });
  expect(exceededLimit(killed, { ...job, cgroup })?.detail).toContain("the host had no memory left");
});

test("a job that failed after it was refused processes is told so", () => {
  writeEvents({ refused: 5 });
  const detail = "job-1 failed after it was refused a process 5 times, and 64 are allowed";
  expect(exceededLimit({ exitCode: 2, signal: null }, { ...job, cgroup })).toEqual({ limit: "processes", detail });
});

test("the signals that the kernel sends for its limits are told", () => {
  expect(exceededLimit({ exitCode: null, signal: "SIGXFSZ" }, { ...job, cgroup: null })?.limit).toBe("file-size");
  expect(exceededLimit({ exitCode: null, signal: "SIGXCPU" }, { ...job, cgroup: null })?.limit).toBe("cpu-time");
});

test("nothing is guessed: not of a good end, nor without a count or a cgroup", () => {
  writeEvents({ oom: 1, oomKill: 1, refused: 1 });
  expect(exceededLimit({ exitCode: 0, signal: null }, { ...job, cgroup })).toBeNull();
  expect(exceededLimit(killed, { ...job, cgroup: null })).toBeNull();
  writeEvents({});
  expect(exceededLimit(killed, { ...job, cgroup })).toBeNull();
  expect(exceededLimit(killed, { ...job, cgroup: join(cgroup, "gone") })).toBeNull();
});
