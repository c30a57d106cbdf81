import { appendFileSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";

import { describe, expect, it, onTestFinished } from "vitest";

import { hasFileSystem, withDetachedMount } from "./collectors/detached-mount.ts";
import { leftoverDaemon } from "./testing/leftover-daemon.ts";
import { canRun, foundAfter, isRoot, run, undo, withLibc } from "./testing/planted.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const fileSystems = isRoot ? readFileSync("/proc/filesystems", "latin1") : "";
const name = `left-${process.pid}`;

/** Does something in a file system that need not be mounted, and fails where that cannot be. */
function inFileSystem(type: string, change: (directory: string) => void): void {
  if (withDetachedMount(type, (directory) => (change(directory), true)) !== true) throw new Error(`no ${type} here`);
}

describe.skipIf(!isRoot)("what the kernel keeps, left behind on this host, is found (needs root):", () => {
  it.skipIf(!hasFileSystem("mqueue", fileSystems))("a POSIX message queue (needs mqueue)", async () => {
    const script = `${withLibc}
      const open = libc.func("int mq_open(const char *name, int flags, unsigned int mode, void *attributes)");
      if (open("/${name}", 0o102, 0o600, null) >= 0) ready();`;
    onTestFinished(() => inFileSystem("mqueue", (directory) => run("rm", "-f", `${directory}/${name}`)));
    const found = await foundAfter(async () => {
      process.kill(await leftoverDaemon(script), "SIGKILL");
      return `message queue /${name}`;
    }, ["ipc"]);
    expect(found).toMatchObject([{ surface: "ipc", change: "appeared", after: { permissions: "600" } }]);
  });

  it.skipIf(!hasFileSystem("tracefs", fileSystems))("an instance of the tracer (needs tracefs)", async () => {
    onTestFinished(() => inFileSystem("tracefs", (directory) => rmdirSync(`${directory}/instances/${name}`)));
    const found = await foundAfter(() => {
      inFileSystem("tracefs", (directory) => mkdirSync(`${directory}/instances/${name}`));
      return `/sys/kernel/tracing/instances/${name}`;
    }, ["kernel"]);
    expect(found).toMatchObject([{ surface: "kernel", change: "appeared" }]);
  });

  it.skipIf(!hasFileSystem("tracefs", fileSystems))("a probe of the tracer (needs tracefs)", async (context) => {
    const group = `left_${process.pid}`;
    const write = (line: string): boolean => {
      try {
        inFileSystem("tracefs", (directory) => appendFileSync(`${directory}/uprobe_events`, line));
        return true;
      } catch {
        return false;
      }
    };
    onTestFinished(() => void write(`-:${group}/x`));
    let isMade = false;
    const found = await foundAfter(() => {
      isMade = write(`p:${group}/x ${process.execPath}:0x1000`);
      return new RegExp(group);
    }, ["kernel"]);
    if (!isMade) context.skip("this kernel has no probes of programs");
    expect(found).toMatchObject([{ surface: "kernel", change: "appeared" }]);
  });

  it.skipIf(!hasFileSystem("binfmt_misc", fileSystems) || !canRun("mount"))(
    "a format of programs (needs binfmt_misc and mount)",
    async () => {
      // The formats go with the last mount.
      const point = temporaryDirectory();
      undo("umount", point);
      run("mount", "-t", "binfmt_misc", "left", point);
      onTestFinished(() => writeFileSync(`${point}/${name}`, "-1"));
      const found = await foundAfter(() => {
        writeFileSync(`${point}/register`, `:${name}:E::${name}::/bin/true:`);
        return `/proc/sys/fs/binfmt_misc/${name}`;
      }, ["kernel", "sysctls"]);
      expect(found).toMatchObject([{ surface: "kernel", change: "appeared" }]);
      expect(String(found[0]?.after?.["text"])).toContain("/bin/true");
    },
  );

  it("a map of BPF, with who keeps it, and a pin of it", async (context) => {
    if (!canRun("mount")) context.skip("needs mount");
    // BPF_MAP_CREATE of an array of one word, and BPF_OBJ_PIN.
    const point = temporaryDirectory();
    const number = process.arch === "x64" ? 321 : 280;
    const script = `${withLibc}
      const bpf = libc.func("int64_t syscall(int64_t number, int command, uint8_t *attributes, unsigned int bytes)");
      const map = Buffer.alloc(128);
      [2, 4, 8, 1].forEach((word, index) => map.writeUInt32LE(word, 4 * index));
      map.write("left", 28);
      const descriptor = Number(bpf(${number}, 0, map, 72));
      const path = Buffer.from("${point}/pin\\0");
      const pin = Buffer.alloc(128);
      pin.writeBigUInt64LE(BigInt(koffi.address(path)), 0);
      pin.writeUInt32LE(descriptor, 8);
      if (descriptor >= 0 && Number(bpf(${number}, 6, pin, 16)) === 0) ready(); else process.exit(1);`;
    undo("umount", point);
    run("mount", "-t", "bpf", "left", point);
    let pid = 0;
    const found = await foundAfter(async () => {
      pid = await leftoverDaemon(script).catch(() => 0);
      return new RegExp(`^BPF map \\d+ left, open in process ${pid}$|^BPF pin ${point}/pin$`);
    }, ["kernel"]);
    if (pid === 0) context.skip("this kernel has no BPF");
    expect(found.map(({ subject }) => subject.split(" ").slice(0, 2).join(" ")).sort()).toEqual(["BPF map", "BPF pin"]);
  });

  it("a setting below /sys", async (context) => {
    const path = "/sys/kernel/mm/transparent_hugepage/khugepaged/alloc_sleep_millisecs";
    const before = valueOf(path);
    if (before === null) context.skip("this kernel has no such setting");
    onTestFinished(() => writeFileSync(path, before ?? ""));
    const found = await foundAfter(() => {
      writeFileSync(path, String(Number(before) + 1));
      return path;
    }, ["sysctls"]);
    expect(found).toMatchObject([{ change: "changed", changed: ["value"] }]);
  });
});

function valueOf(path: string): string | null {
  try {
    return readFileSync(path, "latin1").trim();
  } catch {
    return null;
  }
}
