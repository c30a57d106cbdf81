import { spawnSync } from "node:child_process";

import { describe, expect, it } from "vitest";

import { leftoverDaemon } from "./testing/leftover-daemon.ts";
import { canRun, foundAfter, isRoot, run, withLibc } from "./testing/planted.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

/** CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUTS and CLONE_NEWNET of sched.h */
const kinds = 0x20000 | 0x8000000 | 0x4000000 | 0x40000000;
const script = `${withLibc}
  if (libc.func("int unshare(int kinds)")(${kinds}) === 0) ready(); else process.exit(1);`;
const canUnshare = isRoot && canRun("unshare") && spawnSync("unshare", ["--ipc", "--uts", "true"]).status === 0;

/** Somebody's process with namespaces of its own, and a way to do something in them. */
async function containerOf(...kinds: string[]): Promise<(command: string) => string> {
  const pid = await leftoverDaemon(script);
  return (command) => run("nsenter", "--target", String(pid), ...kinds, "sh", "-c", command);
}

describe.skipIf(!canUnshare || !canRun("nsenter"))(
  "what was left in namespaces of somebody else's process is found (needs root, unshare and nsenter):",
  () => {
    it("shared memory", async () => {
      const inside = await containerOf("--ipc");
      const found = await foundAfter(() => {
        inside("ipcmk --shmem 4096");
        return /^shared memory \d+, key \d+, in ipc:\[\d+\]$/;
      }, ["ipc", "processes"]);
      expect(found).toContainEqual(expect.objectContaining({ surface: "ipc", change: "appeared" }));
    });

    it("the host's name", async () => {
      const inside = await containerOf("--uts");
      const name = `left-${process.pid}`;
      const found = await foundAfter(() => {
        inside(`echo ${name} > /proc/sys/kernel/hostname`);
        return /^setting kernel\.hostname, in uts:\[\d+\]$/;
      }, ["sysctls", "processes"]);
      expect(found).toContainEqual(expect.objectContaining({ change: "changed", after: { value: name } }));
    });

    it("a setting of the network", async () => {
      const inside = await containerOf("--net");
      const found = await foundAfter(() => {
        inside("echo 77 > /proc/sys/net/ipv4/ip_default_ttl");
        return /^settings of the network, in net:\[\d+\]$/;
      }, ["sysctls", "processes"]);
      expect(found).toContainEqual(
        expect.objectContaining({ change: "changed", changed: ["net.ipv4.ip_default_ttl"] }),
      );
    });

    it("a mount", async () => {
      const directory = temporaryDirectory();
      const inside = await containerOf("--mount");
      inside("mount --make-rprivate /");
      const found = await foundAfter(() => {
        inside(`mount -t tmpfs -o size=16k left ${directory}`);
        return new RegExp(`^mount of left \\(tmpfs\\) on ${directory}, in mnt:`);
      }, ["mounts", "processes"]);
      expect(found).toContainEqual(expect.objectContaining({ surface: "mounts", change: "appeared" }));
    });
  },
);
