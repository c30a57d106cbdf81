import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { type ListedSurface, listedSurfaces } from "./core/fact.ts";
import { settleAndCompare, takeSnapshot } from "./scanner.ts";
import { contextFixture } from "./testing/snapshot-fixture.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const isRoot = process.geteuid?.() === 0;

/** Root of a container sees what is in that: user namespace and PID namespace of the host have numbers of their own. */
const seesEverything =
  isRoot &&
  readlinkSync("/proc/self/ns/user") === "user:[4026531837]" &&
  readlinkSync("/proc/self/ns/pid") === "pid:[4026531836]" &&
  // CAP_SYS_ADMIN of linux/capability.h.
  (BigInt(`0x${/^CapEff:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]}`) & (1n << 21n)) !== 0n;

function run(program: string, ...parameters: string[]): string {
  return execFileSync(program, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

function undo(program: string, ...parameters: string[]): void {
  onTestFinished(() => void run(program, ...parameters));
}

function canRun(program: string): boolean {
  return ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].some((directory) => existsSync(join(directory, program)));
}

interface Plant {
  readonly what: string;
  readonly surface: ListedSurface;
  readonly needs: string;
  /** Plants it, has it undone at the test's end, and returns its location in the report. */
  readonly plant: () => string;
  readonly change?: "changed";
}

const plants: readonly Plant[] = [
  {
    ...{ what: "a mount", surface: "mounts", needs: "mount" },
    plant() {
      const point = join(temporaryDirectory(), "mounted here");
      mkdirSync(point);
      run("mount", "-t", "tmpfs", "-o", "size=4k", "left", point);
      undo("umount", point);
      return point;
    },
  },
  {
    ...{ what: "shared memory", surface: "ipc", needs: "ipcmk" },
    plant() {
      const id = run("ipcmk", "-M", "4096").replace(/\D/g, "");
      undo("ipcrm", "-m", id);
      return `shared memory ${id}`;
    },
  },
  {
    ...{ what: "a set of semaphores", surface: "ipc", needs: "ipcmk" },
    plant() {
      const id = run("ipcmk", "-S", "2").replace(/\D/g, "");
      undo("ipcrm", "-s", id);
      return `semaphores ${id}`;
    },
  },
  {
    ...{ what: "an address", surface: "network", needs: "ip" },
    plant() {
      run("ip", "address", "add", "127.77.0.1/32", "dev", "lo");
      undo("ip", "address", "del", "127.77.0.1/32", "dev", "lo");
      return "127.77.0.1";
    },
  },
  {
    ...{ what: "a route", surface: "network", needs: "ip" },
    plant() {
      run("ip", "route", "add", "blackhole", "198.51.100.0/25");
      undo("ip", "route", "del", "blackhole", "198.51.100.0/25");
      return "198.51.100.0/25";
    },
  },
  {
    ...{ what: "a setting of the kernel", surface: "sysctls", needs: "ip", change: "changed" },
    plant() {
      const path = "/proc/sys/net/ipv4/ip_default_ttl";
      const before = readFileSync(path, "latin1");
      writeFileSync(path, String(Number(before) + 1));
      onTestFinished(() => writeFileSync(path, before));
      return path;
    },
  },
  {
    ...{ what: "a line of shared configuration", surface: "configuration", needs: "mount" },
    plant() {
      const before = readFileSync("/etc/hosts");
      const lines = before.toString("latin1").split("\n").length - (before.at(-1) === 0x0a ? 1 : 0);
      appendFileSync("/etc/hosts", "192.0.2.77 left-by-a-job.invalid\n");
      onTestFinished(() => writeFileSync("/etc/hosts", before));
      return `/etc/hosts:${lines + 1}`;
    },
  },
  {
    ...{ what: "a loop device", surface: "storage", needs: "losetup", change: "changed" },
    plant() {
      const image = join(temporaryDirectory(), "image");
      writeFileSync(image, Buffer.alloc(4_096));
      const device = run("losetup", "--find", "--show", image);
      undo("losetup", "--detach", device);
      return device;
    },
  },
];

describe("what lies beside files and processes, left behind on this host, is found:", () => {
  for (const { what, surface, needs, plant, change = "appeared" } of plants) {
    it.skipIf(!isRoot || !canRun(needs))(`${what} (needs root and ${needs})`, async () => {
      const surfaces = [...listedSurfaces, "processes"] as const;
      const before = await takeSnapshot({ surfaces });
      const location = plant();
      const { report } = await settleAndCompare(before, contextFixture(), { surfaces });
      const found = report.findings.filter((finding) => finding.location === location);
      expect(found.map((finding) => [finding.surface, finding.change])).toEqual([[surface, change]]);
      expect(
        report.findings.filter((finding) => finding.surface !== surface && finding.surface !== "processes"),
      ).toEqual([]);
    });
  }
});

describe("two idle readings", () => {
  it.each(listedSurfaces)("of %s are the same, and each fact has a key of its own", async (surface) => {
    const before = await takeSnapshot({ surfaces: [surface] });
    const facts = before.listed[surface] ?? [];
    expect(new Set(facts.map(({ key }) => key)).size).toBe(facts.length);
    expect(facts.length).toBe(before.surfaces.find((reading) => reading.surface === surface)?.facts);
    const { report } = await settleAndCompare(before, contextFixture(), { surfaces: [surface] });
    expect(report.findings).toEqual([]);
    expect(report.surfaces.find((one) => one.surface === surface)?.status).toMatch(
      seesEverything ? /^done$/ : /^done$|^partial$/,
    );
  });
});
