import { spawnSync } from "node:child_process";

import { describe, expect, it, onTestFinished } from "vitest";

import type { Act, Recording } from "../core/recording.ts";
import { lineageOf, sourceOf, testRecorder } from "../testing/recorded-lineage.ts";
import { lackForCalls } from "../testing/watched-calls.ts";

const lack =
  process.geteuid?.() !== 0
    ? "needs root"
    : spawnSync("ip", ["-V"]).status === 0
      ? await lackForCalls()
      : "needs ip(8)";
/** Of RFC 5737, for documentation: nobody has it. */
const [address, other] = ["203.0.113.77", "203.0.113.78"] as const;

function remove(...addresses: string[]): void {
  for (const each of addresses) spawnSync("ip", ["address", "delete", `${each}/32`, "dev", "lo"]);
}

function shell(script: string): number {
  const { pid, stderr } = spawnSync("sh", ["-e", "-c", script], { encoding: "utf8" });
  expect(stderr).toBe("");
  return pid;
}

/** Who changed what has this key, nearest first. */
function authorsOf(recording: Recording, key: string): (number | undefined)[][] {
  const isOf = ({ call, parameters }: Act) => call === "rtnetlink" && parameters["keys"]?.split("\0").includes(key);
  return recording.acts.filter(isOf).map(({ by }) => lineageOf(recording, by).map(({ pid }) => pid));
}

describe.skipIf(lack !== null)(`changes of the network${lack === null ? "" : ` (${lack})`}`, () => {
  it("are each of the process that asked for it", async () => {
    onTestFinished(() => remove(address, other));
    const recorder = await testRecorder();
    const pids = [address, other].map((each) => shell(`ip address add ${each}/32 dev lo; exit`));
    const recording = await recorder.stop();
    expect(authorsOf(recording, `address ${address}`).map(([, parent]) => parent)).toEqual([pids[0]]);
    expect(authorsOf(recording, `address ${other}`).map(([, parent]) => parent)).toEqual([pids[1]]);
    expect(sourceOf(recording, "calls")).toMatchObject({ status: "done", detail: "" });
  });

  it("are nobody's who has that pid here only, where the port id is of another PID namespace", async (context) => {
    if (spawnSync("unshare", ["--pid", "--fork", "true"]).status !== 0) context.skip("no PID namespaces here");
    onTestFinished(() => remove(address));
    const recorder = await testRecorder();
    shell(`unshare --pid --fork ip address add ${address}/32 dev lo`);
    const recording = await recorder.stop();
    expect(authorsOf(recording, `address ${address}`)).toEqual([]);
  });

  it("that found no room are lost evidence", async () => {
    const addresses = Array.from({ length: 200 }, (_, index) => `203.0.113.${index}`);
    onTestFinished(() => remove(...addresses));
    const recorder = await testRecorder({ networkRoomBytes: 4_096, asleep: true });
    for (const each of ["add", "delete"]) {
      const lines = addresses.map((one) => `address ${each} ${one}/32 dev lo\n`).join("");
      expect(spawnSync("ip", ["-batch", "-"], { input: lines }).status).toBe(0);
    }
    const recording = await recorder.stop();
    expect(sourceOf(recording, "calls").status).toBe("lost");
    expect(sourceOf(recording, "calls").detail).toContain("changes of the network were lost");
  });
});
