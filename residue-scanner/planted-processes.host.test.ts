import { mkdirSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { basename, join } from "node:path";

import { describe, expect, it } from "vitest";

import { collectProcesses } from "./collectors/processes.ts";
import { leftoverDaemon } from "./testing/leftover-daemon.ts";
import { canRun, foundAfter, isRoot, run, undo, undoNamesOfNamespaces, withLibc } from "./testing/planted.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const heldBy = (pid: number) => new RegExp(`^/proc/${pid}/fd/\\d+$`);

describe.skipIf(process.platform !== "linux")("of a process that was there before", () => {
  it("a niceness, an out-of-memory score and limits that somebody set are found", async (context) => {
    if (!canRun("prlimit")) context.skip("needs prlimit");
    const pid = await leftoverDaemon("ready()");
    const plant = () => {
      setPriority(pid, 7);
      writeFileSync(`/proc/${pid}/oom_score_adj`, "123");
      run("prlimit", "--pid", String(pid), "--core=0:0", "--nofile=77:88");
      return new RegExp(`^pid ${pid},`);
    };
    const [found, ...more] = await foundAfter(plant, ["processes"]);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ change: "changed", after: { nice: 7, oomScoreAdjust: 123 } });
    expect(found?.changed.toSorted()).toEqual(["limits", "nice", "oomScoreAdjust"]);
    expect(found?.after?.["limits"]).toContain("open files 77/88");
  });

  it("the processors that it may use, and how it is scheduled, are found", async (context) => {
    if (!canRun("taskset") || !canRun("chrt")) context.skip("needs taskset and chrt");
    const pid = await leftoverDaemon("ready()");
    const plant = () => {
      run("taskset", "--pid", "--cpu-list", "0", String(pid));
      run("chrt", "--batch", "--pid", "0", String(pid));
      return new RegExp(`^pid ${pid},`);
    };
    const [found] = await foundAfter(plant, ["processes"]);
    expect(found?.after).toMatchObject({ affinity: "0", scheduling: "batch" });
    expect(found?.changed).toContain("scheduling");
  });

  it("that it is stopped is found", async () => {
    const pid = await leftoverDaemon("ready()");
    const plant = () => {
      process.kill(pid, "SIGSTOP");
      return new RegExp(`^pid ${pid},`);
    };
    const found = await foundAfter(plant, ["processes"]);
    expect(found).toMatchObject([{ change: "changed", changed: ["stopped"], after: { state: "T" } }]);
  });

  it("the class of its input and output is found", async (context) => {
    if (!canRun("ionice")) context.skip("needs ionice");
    const pid = await leftoverDaemon("ready()");
    const plant = () => {
      run("ionice", "-c", "3", "-p", String(pid));
      return new RegExp(`^pid ${pid},`);
    };
    const found = await foundAfter(plant, ["processes"]);
    expect(found).toMatchObject([{ change: "changed", changed: ["ioPriority"], after: { ioPriority: "idle" } }]);
  });
});

describe.skipIf(!isRoot || !canRun("mount"))("a process that a mount hides (needs root and mount)", () => {
  it("is read past what is mounted over it, whatever that shows", async () => {
    const pid = await leftoverDaemon("ready()", { HOUSEGUEST_RUN: "behind" });
    const empty = join(temporaryDirectory(), "empty");
    mkdirSync(empty);
    undo("umount", `/proc/${pid}`);
    run("mount", "--bind", empty, `/proc/${pid}`);
    const hidden = await collectProcesses();
    run("umount", `/proc/${pid}`);
    run("mount", "--bind", `/proc/${process.pid}`, `/proc/${pid}`);
    const disguised = await collectProcesses();
    for (const { processes, reading } of [hidden, disguised]) {
      expect(processes.find((fact) => fact.pid === pid)).toMatchObject({ marks: { HOUSEGUEST_RUN: "behind" } });
      expect(processes.filter((fact) => fact.pid === pid)).toHaveLength(1);
      expect(reading.detail).not.toContain("does not show");
    }
  });
});

describe.skipIf(process.platform !== "linux")("files that only a process keeps are found:", () => {
  it("one that is deleted, under the name that it had, byte by byte", async () => {
    const path = join(temporaryDirectory(), "gone (deleted)\xff\n");
    const [found, ...more] = await foundAfter(async () => {
      const bytes = JSON.stringify(Buffer.from(path, "latin1").toString("base64"));
      return heldBy(
        await leftoverDaemon(`const fs = require("node:fs");
          const path = Buffer.from(${bytes}, "base64");
          fs.writeSync(fs.openSync(path, "w"), "kept");
          fs.unlinkSync(path);
          ready();`),
      );
    }, ["open-files"]);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ surface: "open-files", change: "appeared" });
    expect(found?.subject).toMatch(/gone \(deleted\).*xff.*, open, 4 bytes$/s);
  });

  it("one that is in memory only", async () => {
    const name = `left-${process.pid}`;
    const script = `${withLibc}libc.func("int memfd_create(const char *name, unsigned int flags)")("${name}", 1); ready();`;
    const [found, ...more] = await foundAfter(async () => heldBy(await leftoverDaemon(script)), ["open-files"]);
    expect(more).toEqual([]);
    expect(found?.subject).toBe(`memory file ${name}, open, 0 bytes`);
  });

  it("and a graphics processor that is open", async (context) => {
    if (!isRoot || !canRun("mknod")) context.skip("needs root and mknod");
    // By its name; what it leads to is /dev/null.
    const path = `/dev/nvidia-left-${process.pid}`;
    undo("rm", "-f", path);
    run("mknod", path, "c", "1", "3");
    const script = `require("node:fs").openSync(${JSON.stringify(path)}, "r"); ready();`;
    const found = await foundAfter(async () => heldBy(await leftoverDaemon(script)), ["open-files"]);
    expect(found).toHaveLength(1);
    expect(found[0]?.subject).toMatch(/^device \/dev\/nvidia-left-\d+, open in process \d+$/);
  });

  it("and told with the process where that is found too", async () => {
    const script = `${withLibc}libc.func("int memfd_create(const char *name, unsigned int flags)")("x", 1); ready();`;
    const both = async (): Promise<RegExp> => {
      const pid = await leftoverDaemon(script);
      return new RegExp(`^/proc/${pid}/fd/|^pid ${pid},`);
    };
    const found = await foundAfter(both, ["processes", "open-files"]);
    expect(found.map(({ surface }) => surface)).toEqual(["processes"]);
  });
});

describe.skipIf(!isRoot || !canRun("ip"))("a namespace without a process (needs root and ip)", () => {
  it("is found by the mount that keeps it", async () => {
    const name = `left-${process.pid}`;
    const found = await foundAfter(() => {
      undoNamesOfNamespaces();
      undo("ip", "netns", "delete", name);
      run("ip", "netns", "add", name);
      return `/run/netns/${name}`;
    }, ["namespaces"]);
    expect(found.map(({ surface, change }) => [surface, change])).toEqual([["namespaces", "appeared"]]);
    expect(found[0]?.subject).toMatch(/^namespace net:\[\d+\], kept by \/run\/netns\/left-/);
    expect(basename(found[0]?.location ?? "")).toBe(name);
  });
});

describe.skipIf(!isRoot)("a namespace that a process keeps (needs root)", () => {
  it("is found, of whatever kind", async () => {
    // CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS and CLONE_NEWIPC of linux/sched.h.
    const kinds = 0x20000 + 0x2000000 + 0x4000000 + 0x8000000;
    const script = `${withLibc}if (libc.func("int unshare(int flags)")(${kinds}) === 0) ready(); else process.exit(1);`;
    const found = await foundAfter(
      async () => new RegExp(`^/proc/${await leftoverDaemon(script)}/ns/`),
      ["namespaces"],
    );
    expect(found.map(({ location }) => basename(location)).sort()).toEqual(["cgroup", "ipc", "mnt", "uts"]);
  });
});
