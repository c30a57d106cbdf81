import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { type Controller, enableControllers, limitCgroup, processLimitsOf, unlimited } from "./job-limits.ts";

const GIB = 1024 ** 3;
const limits = { processesMax: 64, memoryBytesMax: null, cpusMax: 1.5 };
let cgroup: string;
beforeEach(() => {
  cgroup = mkdtempSync(join(tmpdir(), "houseguest-limits-"));
});
afterEach(() => {
  rmSync(cgroup, { recursive: true });
});

const of = (file: string): string => readFileSync(join(cgroup, file), "utf8");
const all = new Set<Controller>(["pids", "memory", "cpu"]);

test("only controllers that the host has delegated are handed down", () => {
  writeFileSync(join(cgroup, "cgroup.controllers"), "hugetlb pids\n");
  expect([...enableControllers(cgroup)]).toEqual(["pids"]);
  expect(of("cgroup.subtree_control")).toBe("+pids");
});

test("a cgroup without controllers is left as it is", () => {
  expect([...enableControllers(cgroup)]).toEqual([]);
  limitCgroup({ cgroup, enabled: new Set(), limits, hostMemoryBytes: GIB });
  expect(existsSync(join(cgroup, "pids.max"))).toBe(false);
});

test("a job's cgroup is given its limits, and half of the host's memory where none is named", () => {
  limitCgroup({ cgroup, enabled: all, limits, hostMemoryBytes: GIB });
  expect([of("pids.max"), of("memory.max"), of("memory.oom.group"), of("cpu.max")]).toEqual([
    "64",
    String(GIB / 2),
    "1",
    "150000 100000",
  ]);
  limitCgroup({ cgroup, enabled: all, limits: { ...limits, memoryBytesMax: 7 }, hostMemoryBytes: GIB });
  expect(of("memory.max")).toBe("7");
});

test("single processes are limited where no controller does it, and only where they are counted alone", () => {
  const job = { limits: { ...limits, memoryBytesMax: GIB }, workspaceBytesMax: 5 };
  expect(processLimitsOf({ ...job, enabled: new Set(), countsAlone: true })).toEqual({
    fileBytesMax: 5,
    processesMax: 64,
    addressBytesMax: GIB,
  });
  const none = { fileBytesMax: 5, processesMax: null, addressBytesMax: null };
  expect(processLimitsOf({ ...job, enabled: all, countsAlone: true })).toEqual(none);
  expect(processLimitsOf({ ...job, enabled: new Set(), countsAlone: false }).processesMax).toBeNull();
});

test("what cannot be limited is said, and nothing else", () => {
  expect(unlimited({ enabled: all, limits, countsAlone: false })).toEqual([]);
  const said = unlimited({ enabled: new Set(), limits, countsAlone: false }).join("\n");
  expect(said).toMatch(/How many processes.*\n.*memory is not limited.*\n.*How many processors/);
  const counted = { enabled: new Set<Controller>(), limits: { ...limits, memoryBytesMax: GIB }, countsAlone: true };
  expect(unlimited(counted)[0]).toContain("for each of its processes");
});
