import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

import { expect, it, onTestFinished } from "vitest";

import type { Recording } from "../../core/recording.ts";
import { testRecorder } from "../../testing/recorded-lineage.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { lackForCalls, run, watchedCalls, withInstances } from "../../testing/watched-calls.ts";

const lack = (await lackForCalls()) ?? (await lackOfEvents());

/** Of Linux 6.2. */
async function lackOfEvents(): Promise<string | null> {
  const format = "../events/sock/sk_data_ready/format";
  return (await withInstances((directory) => existsSync(join(directory, format))))
    ? null
    : "the kernel tells of no messages";
}

/** It comes from nobody here, and ends with the test however that ends. */
const serving = `
const { createServer, Socket } = require("node:net");
new Socket({ fd: 3 }).on("close", () => process.exit()).resume();
const answer = (guest) => guest.on("data", () => guest.end("done"));
const { pid } = process;
const port = createServer(answer).listen(0, "127.0.0.1", () =>
  createServer(answer).listen(process.argv[1], () => console.log(JSON.stringify({ pid, port: port.address().port }))));`;
/** Again and again: a service that has something to do anyway is woken by nobody. */
const asking = `
const { connect } = require("node:net");
const ask = (left) => {
  const guest = connect(...JSON.parse(process.argv[1])).on("data", () => undefined);
  guest.on("close", () => left > 1 && ask(left - 1)).write("x");
};
ask(5);`;

/** Connects, and asks only when it is told to; keeps its end open after the answer. */
const waiting = `
const { connect } = require("node:net");
const guest = connect({ port: Number(process.argv[1]), host: "127.0.0.1", allowHalfOpen: true });
guest.on("connect", () => console.log("connected")).on("data", () => console.log("answered"));
process.stdin.on("data", () => guest.write("x"));`;

/** It has a socket with a name for the kernel alone (netlink(7)), and is woken by whoever writes into a pipe. */
const watching = `
  alarm 120;
  open(my $pipe, "+<", $ARGV[0]) or die;
  socket(my $socket, 16, 3, 15) or die;
  bind($socket, pack("S x2 L L", 16, 0, 1)) or die;
  syswrite(STDOUT, "$$\\n");
  1 while sysread($pipe, my $byte, 1);`;
/** Writes to a socket, as its output is one, and into the pipe in the same moment. */
const writing = `
  open(my $pipe, "+<", $ARGV[0]) or die;
  for (1 .. 50) { syswrite(STDOUT, "x"); syswrite($pipe, "x"); select(undef, undef, undef, 0.002) }`;

/** Waits for datagrams (udp(7)), each of which it answers. */
const receiving = `
  alarm 120;
  use Socket;
  socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die;
  bind($socket, pack_sockaddr_in(0, INADDR_LOOPBACK)) or die;
  my ($port) = sockaddr_in(getsockname($socket));
  syswrite(STDOUT, "$$ $port\\n");
  while (defined(my $peer = recv($socket, my $text, 64, 0))) { send($socket, "done", 0, $peer) }`;
/** Sends some, each when the one before was answered: a service that has something to do anyway is woken by nobody. */
const sending = `
  use Socket;
  socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die;
  for (1 .. 5) {
    send($socket, "x", 0, pack_sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die;
    recv($socket, my $text, 64, 0);
    select(undef, undef, undef, 0.002);
  }`;
/** Waits for what is sent to a group (ip(7)) over the loopback device, at a port that others have, too. */
const joining = `
  alarm 120;
  use Socket qw(:DEFAULT IPPROTO_IP IP_ADD_MEMBERSHIP pack_ip_mreq);
  socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die;
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1) or die;
  my $group = inet_aton("239.255.77.9");
  bind($socket, pack_sockaddr_in($ARGV[0] // 0, $group)) or die;
  setsockopt($socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, pack_ip_mreq($group, INADDR_LOOPBACK)) or die;
  my ($port) = sockaddr_in(getsockname($socket));
  syswrite(STDOUT, "$$ $port\\n");
  1 while defined(recv($socket, my $text, 64, 0))`;
const sendingToGroup = `
  use Socket qw(:DEFAULT IPPROTO_IP IP_MULTICAST_IF);
  socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die;
  setsockopt($socket, IPPROTO_IP, IP_MULTICAST_IF, INADDR_LOOPBACK) or die;
  for (1 .. 5) {
    send($socket, "x", 0, pack_sockaddr_in($ARGV[0], inet_aton("239.255.77.9"))) or die;
    select(undef, undef, undef, 0.01);
  }`;

async function startService(path: string): Promise<{ readonly pid: number; readonly port: number }> {
  const started = spawn("setsid", ["--fork", process.execPath, "-e", serving, path], {
    stdio: ["ignore", "pipe", "inherit", "pipe"],
  });
  onTestFinished(() => void (started.stdio[3] as Writable).destroy());
  const [line] = (await once(started.stdout as Readable, "data")) as [Buffer];
  return JSON.parse(line.toString()) as { pid: number; port: number };
}

const pidOf = ({ processes }: Recording, serial: number | string | undefined) => processes.get(Number(serial))?.pid;

it.skipIf(lack !== null)(
  `tells whose message woke which service, and who connected to which port${lack === null ? "" : ` (${lack})`}`,
  async () => {
    const path = join(temporaryDirectory(), "door");
    const service = await startService(path);
    const recorder = await testRecorder();
    const byPath = run(process.execPath, "-e", asking, JSON.stringify([path]));
    const byPort = run(process.execPath, "-e", asking, JSON.stringify([service.port, "127.0.0.1"]));
    const recording = await recorder.stop();
    const asked = recording.acts.filter(
      ({ call, parameters }) => call === "unix message" && pidOf(recording, parameters["asked"]) === service.pid,
    );
    expect(asked.map(({ by }) => pidOf(recording, by))).toContain(byPath.pid);
    expect(asked.map(({ by }) => pidOf(recording, by))).not.toContain(byPort.pid);
    const connected = recording.acts.filter(
      ({ call, parameters }) => call === "tcp connection" && parameters["port"] === String(service.port),
    );
    const callers = connected.map(({ by, parameters }) => `${pidOf(recording, by)} ${parameters["address"]}`);
    expect(new Set(callers)).toEqual(new Set([`${byPort.pid} 127.0.0.1`]));
  },
);

it.skipIf(lack !== null)(`tells whose datagram woke which service${lack === null ? "" : ` (${lack})`}`, async () => {
  const started = spawn("setsid", ["--fork", "perl", "-e", receiving], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(started.stdout, "data")) as [Buffer];
  const [service = 0, port = 0] = line.toString().split(" ").map(Number);
  onTestFinished(() => void process.kill(service, "SIGKILL"));
  const recorder = await testRecorder();
  const { pid } = run("perl", "-e", sending, String(port));
  const recording = await recorder.stop();
  const asked = recording.acts.filter(
    ({ call, parameters }) => call === "unix message" && pidOf(recording, parameters["asked"]) === service,
  );
  expect(asked.map(({ by }) => pidOf(recording, by))).toContain(pid);
});

it.skipIf(lack !== null)(`tells all whom a datagram to a group woke${lack === null ? "" : ` (${lack})`}`, async () => {
  const join = async (...further: string[]) => {
    const started = spawn("setsid", ["--fork", "perl", "-e", joining, ...further], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(started.stdout, "data")) as [Buffer];
    const [pid = 0, port = 0] = line.toString().split(" ").map(Number);
    onTestFinished(() => void process.kill(pid, "SIGKILL"));
    return { pid, port };
  };
  const first = await join();
  const services = [first, await join(String(first.port)), await join(String(first.port))];
  const recorder = await testRecorder();
  const { pid } = run("perl", "-e", sendingToGroup, String(first.port));
  const recording = await recorder.stop();
  const asked = recording.acts
    .filter(({ call, by }) => call === "unix message" && pidOf(recording, by) === pid)
    .map(({ parameters }) => pidOf(recording, parameters["asked"]));
  expect(asked).toEqual(expect.arrayContaining(services.map((service) => service.pid)));
});

it.skipIf(lack !== null)(
  `hears of requests to a service that began meanwhile${lack === null ? "" : ` (${lack})`}`,
  async () => {
    const path = join(temporaryDirectory(), "door");
    const recorder = await testRecorder();
    const service = await startService(path);
    // Who serves is known when that was taken in.
    recorder.recording();
    const { pid } = run(process.execPath, "-e", asking, JSON.stringify([path]));
    const recording = await recorder.stop();
    const asked = recording.acts.filter(
      ({ call, parameters }) => call === "unix message" && pidOf(recording, parameters["asked"]) === service.pid,
    );
    expect(asked.map(({ by }) => pidOf(recording, by))).toContain(pid);
  },
);

it.skipIf(lack !== null)(
  `takes nobody for a service who asks the kernel through a socket of its own${lack === null ? "" : ` (${lack})`}`,
  async () => {
    const pipe = join(temporaryDirectory(), "pipe");
    run("mkfifo", pipe);
    const recorder = await testRecorder();
    const started = spawn("setsid", ["--fork", "perl", "-e", watching, pipe], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(started.stdout, "data")) as [Buffer];
    const watcher = Number(line.toString());
    onTestFinished(() => void process.kill(watcher, "SIGKILL"));
    // Who serves is known when that was taken in.
    recorder.recording();
    run("perl", "-e", writing, pipe);
    const recording = await recorder.stop();
    expect([...recording.processes.values()].map(({ pid }) => pid)).toContain(watcher);
    const asked = recording.acts.filter(({ call }) => call === "unix message");
    expect(asked.map(({ parameters }) => pidOf(recording, parameters["asked"]))).not.toContain(watcher);
  },
);

it.skipIf(lack !== null)(
  `tells of a connection that stays open, through which a job asks later${lack === null ? "" : ` (${lack})`}`,
  async () => {
    const service = await startService(join(temporaryDirectory(), "door"));
    const recorder = await testRecorder();
    const guest = spawn(process.execPath, ["-e", waiting, String(service.port)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void guest.kill("SIGKILL"));
    await once(guest.stdout, "data");
    guest.stdin.write("now");
    await once(guest.stdout, "data");
    const recording = await recorder.stop();
    const held = recording.acts.filter(
      ({ by, parameters }) => pidOf(recording, by) === guest.pid && parameters["untilMs"] !== undefined,
    );
    expect(held).toMatchObject([{ call: "tcp connection", parameters: { port: String(service.port) } }]);
    expect(Number(held[0]?.parameters["untilMs"])).toBeGreaterThanOrEqual(recording.toMs);
  },
);

it.skipIf(lack !== null)(
  `says what of requests the kernel does not tell, and sees the rest${lack === null ? "" : ` (${lack})`}`,
  async () => {
    const service = await startService(join(temporaryDirectory(), "door"));
    const source = await watchedCalls({ withoutEvents: ["sock/sk_data_ready"] });
    run(process.execPath, "-e", asking, JSON.stringify([service.port, "127.0.0.1"]));
    expect(source.source()).toMatchObject({ status: "partial", detail: expect.stringContaining("Linux 6.2") });
    expect(source.stop().acts.map(({ call }) => call)).toContain("tcp connection");
  },
);
