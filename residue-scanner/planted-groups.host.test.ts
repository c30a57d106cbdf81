import { mkdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";

import { describe, expect, it, onTestFinished } from "vitest";

import { collectCgroups, unifiedRoot } from "./collectors/cgroups.ts";
import { readProcess } from "./collectors/processes.ts";
import { collectSockets } from "./collectors/sockets.ts";
import { leftoverDaemon } from "./testing/leftover-daemon.ts";
import { foundAfter, isRoot } from "./testing/planted.ts";

const root = isRoot ? unifiedRoot() : null;
const older = isRoot ? collectCgroups().cgroups.find(({ path, inode }) => path === "pids:/" && inode !== 0) : undefined;
const name = `hg-group-${process.pid}`;

function makeGroup(parent: string): string {
  const directory = `${parent}/${name}`;
  onTestFinished(() => {
    try {
      rmdirSync(directory);
    } catch {
      // It was not made.
    }
  });
  mkdirSync(directory);
  return directory;
}

describe.skipIf(root === null)("of a control group that was there (needs root and cgroup v2)", () => {
  it("a limit is found", async () => {
    const directory = makeGroup(root ?? "");
    const found = await foundAfter(() => {
      writeFileSync(`${directory}/cgroup.max.descendants`, "7");
      return directory;
    }, ["cgroups"]);
    expect(found).toMatchObject([{ change: "changed", changed: ["cgroup.max.descendants"] }]);
  });

  it("that it is frozen is found", async () => {
    const directory = makeGroup(root ?? "");
    const found = await foundAfter(() => {
      writeFileSync(`${directory}/cgroup.freeze`, "1");
      return directory;
    }, ["cgroups"]);
    expect(found).toMatchObject([{ change: "changed", changed: ["cgroup.freeze"] }]);
  });
});

describe.skipIf(older === undefined)("of version 1 (needs root and its controller of pids)", () => {
  it("a control group is found", async () => {
    let directory = "";
    const found = await foundAfter(() => {
      directory = makeGroup(older?.directory ?? "");
      return directory;
    }, ["cgroups"]);
    expect(found).toMatchObject([{ id: `cgroups:pids:/${name}`, change: "appeared" }]);
  });

  it("a limit, and a process that was moved there, are found", async () => {
    const directory = makeGroup(older?.directory ?? "");
    const pid = await leftoverDaemon("ready()");
    onTestFinished(() => writeFileSync(`${older?.directory}/cgroup.procs`, String(pid)));
    const found = await foundAfter(() => {
      writeFileSync(`${directory}/pids.max`, "77");
      writeFileSync(`${directory}/cgroup.procs`, String(pid));
      return new RegExp(`^${directory}$|^pid ${pid},`);
    }, ["cgroups", "processes"]);
    expect(found.map(({ surface, changed }) => [surface, changed])).toEqual([
      ["cgroups", ["pids.max"]],
      ["processes", ["olderCgroups"]],
    ]);
  });
});

describe.skipIf(process.platform !== "linux" || unifiedRoot() === null)("a TCP socket (needs cgroup v2)", () => {
  it("tells in which control group it was made", async (context) => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const fact = collectSockets().sockets.find(
      ({ local, state }) => local === `127.0.0.1:${port}` && state === "listening",
    );
    if (fact?.makerCgroups === undefined) context.skip("this kernel does not tell it");
    const own = readProcess(process.pid)?.cgroup ?? "";
    expect(fact?.makerCgroups).toEqual([statSync(`${unifiedRoot()}${own}`).ino]);
  });
});
