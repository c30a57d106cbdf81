import { appendFileSync, mkdirSync, readFileSync, rmdirSync, unlinkSync, writeFileSync } from "node:fs";

import { describe, expect, it, onTestFinished } from "vitest";

import { hasFileSystem, withDetachedMount } from "./collectors/detached-mount.ts";
import { kernelCalls } from "./collectors/kernel-calls.ts";
import { leftoverDaemon } from "./testing/leftover-daemon.ts";
import { canRun, foundAfter, isRoot, run, undo, withLibc } from "./testing/planted.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const fileSystems = isRoot ? readFileSync("/proc/filesystems", "latin1") : "";
const name = `left-${process.pid}`;

/**
 * Does something in a file system that need not be mounted, and fails where that cannot be. In this process alone: the
 * path that `change` gets leads somewhere else, or nowhere, in another.
 */
function inFileSystem(type: string, change: (directory: string) => void): void {
  if (withDetachedMount(type, (directory) => (change(directory), true)) !== true) throw new Error(`no ${type} here`);
}

describe.skipIf(!isRoot)("what the kernel keeps, left behind on this host, is found (needs root):", () => {
  it.skipIf(!hasFileSystem("mqueue", fileSystems))("a POSIX message queue (needs mqueue)", async () => {
    const script = `${withLibc}
      const open = libc.func("int mq_open(const char *name, int flags, unsigned int mode, void *attributes)");
      if (open("/${name}", 0o102, 0o600, null) >= 0) ready(); else process.exit(1);`;
    onTestFinished(() => inFileSystem("mqueue", (directory) => unlinkSync(`${directory}/${name}`)));
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
        return new RegExp(`/${name}$`);
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

  it("a rule of the audit system", async (context) => {
    // AUDIT_ADD_RULE and AUDIT_DEL_RULE: of the list "exit", never, no system call, with a key of its own.
    const change = (type: number): boolean => changeAuditRule(type, name);
    onTestFinished(() => void change(1012));
    let isMade = false;
    const found = await foundAfter(() => {
      isMade = change(1011);
      return `audit rule ${name}`;
    }, ["kernel"]);
    if (!isMade) context.skip("this kernel takes no audit rules from here");
    expect(found).toMatchObject([{ surface: "kernel", change: "appeared" }]);
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

/** struct audit_rule_data with one field, AUDIT_FILTERKEY; whether the kernel took it. */
function changeAuditRule(type: number, key: string): boolean {
  const calls = kernelCalls();
  const rule = Buffer.alloc(16 + 4 * (3 + 4 * 64) + 4 + key.length);
  const word = (at: number, value: number) => rule.writeUInt32LE(value, 16 + 4 * at);
  rule.writeUInt32LE(rule.length, 0);
  rule.writeUInt16LE(type, 4);
  rule.writeUInt16LE(0x1 | 0x4, 6);
  // The list "exit" is 4; the mask of system calls stands from word 3 on, the first one alone.
  for (const [at, value] of [
    [0, 4],
    [1, 0],
    [2, 1],
    [3, 1],
    [67, 210],
    [131, key.length],
    [195, 0x4000_0000],
    [259, key.length],
  ] as const)
    word(at, value);
  rule.write(key, 16 + 4 * 260, "latin1");
  const socket = calls?.socket(16, 3, 9) ?? -1;
  if (calls === null || socket < 0) return false;
  const answer = Buffer.alloc(4_096);
  try {
    calls.send(socket, calls.addressOf(rule), rule.length, 0);
    return calls.recv(socket, calls.addressOf(answer), answer.length, 0) >= 20 && answer.readInt32LE(16) === 0;
  } finally {
    calls.close(socket);
  }
}

function valueOf(path: string): string | null {
  try {
    return readFileSync(path, "latin1").trim();
  } catch {
    return null;
  }
}
