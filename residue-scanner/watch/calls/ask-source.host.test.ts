import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { expect, it, onTestFinished } from "vitest";

import type { Recording } from "../../core/recording.ts";
import { testRecorder } from "../../testing/recorded-lineage.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { lackForCalls, run, withInstances } from "../../testing/watched-calls.ts";

const lack = (await lackForCalls()) ?? (await lackOfEvents());

/** Of Linux 6.2. */
async function lackOfEvents(): Promise<string | null> {
  const format = "../events/sock/sk_data_ready/format";
  return (await withInstances((directory) => existsSync(join(directory, format))))
    ? null
    : "the kernel tells of no messages";
}

const serving = `
const { createServer } = require("node:net");
const answer = (guest) => guest.on("data", () => guest.end("done"));
const port = createServer(answer).listen(0, "127.0.0.1", () =>
  createServer(answer).listen(process.argv[1], () => console.log(port.address().port)));`;
/** Again and again: a service that has something to do anyway is woken by nobody. */
const asking = `
const { connect } = require("node:net");
const ask = (left) => {
  const guest = connect(...JSON.parse(process.argv[1])).on("data", () => undefined);
  guest.on("close", () => left > 1 && ask(left - 1)).write("x");
};
ask(5);`;

/** The service goes with the test. */
async function startService(path: string): Promise<{ pid: number | undefined; port: number }> {
  const service = spawn(process.execPath, ["-e", serving, path], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void service.kill("SIGKILL"));
  const [line] = (await once(service.stdout, "data")) as [Buffer];
  return { pid: service.pid, port: Number(line.toString()) };
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
