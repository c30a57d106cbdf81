import { spawnSync } from "node:child_process";
import { readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { leftoverDaemon } from "./testing/leftover-daemon.ts";
import { canRun, foundAfter, isRoot, run, undo, withLibc } from "./testing/planted.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

/** CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUTS and CLONE_NEWNET of sched.h */
const kinds = 0x20000 | 0x8000000 | 0x4000000 | 0x40000000;
const script = `${withLibc}
  if (libc.func("int unshare(int kinds)")(${kinds}) === 0) ready(); else process.exit(1);`;
const canUnshare = isRoot && canRun("unshare") && spawnSync("unshare", ["--ipc", "--uts", "true"]).status === 0;

/** Root that may look into every process, and go nowhere. */
const withoutAdmin = ["setpriv", "--bounding-set", "-sys_admin"] as const;
const canLack =
  isRoot && canRun("setpriv") && spawnSync(withoutAdmin[0], [...withoutAdmin.slice(1), "true"]).status === 0;

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
        return /^shared memory \d+, key -?\d+, in ipc:\[\d+\]$/;
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

    it.skipIf(!canLack)("and said not to be seen where this user may not go there", async () => {
      const pid = await leftoverDaemon(script);
      const module = join(import.meta.dirname, "collectors/listed/other-namespaces.ts");
      const ask = `const { collectOtherIpc, collectOtherMounts } = await import(process.argv[1]);
        const { readlinkSync } = await import("node:fs");
        const namespaces = ["ipc", "mnt"].map((kind) => readlinkSync("/proc/${pid}/ns/" + kind));
        const of = (collect) => collect([{ pid: ${pid}, namespaces, kernelThread: false }]).unseen;
        process.stdout.write(JSON.stringify([of(collectOtherIpc), of(collectOtherMounts)]));`;
      const asked = run(...withoutAdmin, process.execPath, "--input-type=module", "-e", ask, module);
      const name = readlinkSync(`/proc/${pid}/ns/ipc`);
      // Its table of mounts can be read from here.
      expect(JSON.parse(asked)).toEqual([[`${name} cannot be entered`], []]);
    });

    it("a mount in a namespace that nothing but a mount keeps", async () => {
      const [directory, place] = [temporaryDirectory(), temporaryDirectory()];
      const pin = join(place, "pin");
      // What keeps a mount namespace must lie where nothing is handed on to it (mount_namespaces(7)).
      undo("umount", place);
      run("mount", "--bind", "--make-private", place, place);
      writeFileSync(pin, "");
      undo("umount", pin);
      run("unshare", `--mount=${pin}`, "--propagation", "private", "true");
      const found = await foundAfter(() => {
        run("nsenter", `--mount=${pin}`, "mount", "-t", "tmpfs", "-o", "size=16k", "left", directory);
        return new RegExp(`^mount of left \\(tmpfs\\) on ${directory}, in mnt:`);
      }, ["mounts", "processes"]);
      expect(found).toContainEqual(expect.objectContaining({ surface: "mounts", change: "appeared" }));
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
