import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { leftoverDaemon } from "../testing/leftover-daemon.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { collectSockets, readTables } from "./sockets.ts";

const heldBy = (pid: number) => collectSockets().sockets.filter(({ owners }) => owners?.includes(pid));

describe("the tables of sockets", () => {
  it("that are not there hold nothing, and those that cannot be read are named", () => {
    const directory = temporaryDirectory();
    const row = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 77 1";
    writeFileSync(join(directory, "tcp"), `header\n${row}\n`);
    expect(readTables(directory)).toMatchObject({ rows: [{ local: "127.0.0.1:8080", inode: 77 }], unread: [] });
    // Not readable for root either.
    mkdirSync(join(directory, "udp"));
    mkdirSync(join(directory, "unix"));
    expect(readTables(directory)).toMatchObject({
      rows: [{ inode: 77 }],
      unread: [join(directory, "udp"), join(directory, "unix")],
    });
  });
});

describe.skipIf(process.platform !== "linux")("the sockets collector (needs /proc)", () => {
  it("finds listening tcp sockets of both families with their holder", async () => {
    const pid = await leftoverDaemon(`
      const net = require("node:net");
      net.createServer().listen(0, "127.0.0.1", () => net.createServer().listen(0, "::1", ready).on("error", ready));`);
    const sockets = heldBy(pid).filter(({ state, protocol }) => state === "listening" && protocol.startsWith("tcp"));
    expect(sockets[0]?.key).toMatch(/^tcp 127\.0\.0\.1:\d+ listening$/);
    expect(sockets[0]?.uid).toBe(process.getuid?.());
    for (const socket of sockets.slice(1)) expect(socket.key).toMatch(/^tcp6 \[::1\]:\d+ listening$/);
  });

  it("finds a bound udp socket", async () => {
    const pid = await leftoverDaemon('require("node:dgram").createSocket("udp4").bind(0, "127.0.0.1", ready);');
    expect(heldBy(pid).map(({ key }) => key)).toContainEqual(expect.stringMatching(/^udp 127\.0\.0\.1:\d+ bound$/));
  });

  it("finds unix sockets by path and by abstract name, and whose they are", async () => {
    const path = `${temporaryDirectory()}/a b.sock`;
    const name = `houseguest-test-${process.pid}`;
    const pid = await leftoverDaemon(`
      const net = require("node:net");
      net.createServer().listen(${JSON.stringify(path)}, () => net.createServer().listen("\\0${name}", ready));`);
    const sockets = heldBy(pid);
    const keys = sockets.map(({ key }) => key);
    expect(keys).toContain(`unix ${path} listening`);
    // /proc/net/unix does not tell: without it, an ordinary user knows nothing of others' sockets.
    const listening = sockets.filter(({ key }) => key.startsWith("unix ") && key.endsWith("listening"));
    expect(listening.map(({ uid }) => uid)).toEqual([process.getuid?.(), process.getuid?.()]);
    expect(keys.some((key) => key.startsWith(`unix @${name}`) && key.endsWith("listening"))).toBe(true);
  });

  it("finds both ends of a connection, and names them alike in the next reading", async () => {
    const pid = await leftoverDaemon(`
      const net = require("node:net");
      // The one end is there when it is connected, the other one when it is accepted.
      let ends = 0;
      const made = () => (ends += 1) === 2 && ready();
      const server = net.createServer(made).listen(0, "127.0.0.1", () => net.connect(server.address().port, "127.0.0.1", made));`);
    const connected = heldBy(pid).filter(({ state, protocol }) => state === "connected" && protocol === "tcp");
    expect(connected).toHaveLength(2);
    expect(connected[0]?.remote).toBe(connected[1]?.local);
    expect(heldBy(pid)).toEqual(heldBy(pid));
  });
});
