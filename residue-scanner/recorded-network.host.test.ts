import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { describe, expect, it, onTestFinished } from "vitest";

import { ResidueReport } from "../protocol/residue-report.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";
import { lackForCalls } from "./testing/watched-calls.ts";

const launcher = join(import.meta.dirname, "../bin/residue.mjs");
const lack =
  process.geteuid?.() !== 0
    ? "needs root"
    : spawnSync("ip", ["-V"]).status === 0
      ? await lackForCalls()
      : "needs ip(8)";
const [ownBridge, foreignBridge] = [`hga${process.pid}`, `hgb${process.pid}`] as const;
/** Routes are in tables that nobody else leads to; addresses are those of RFC 5737, which nobody has. */
const [ownTable, foreignTable] = ["48111", "48112"] as const;

/** Everything that the lists of a network namespace have, upon a bridge. */
function setUp(bridge: string, { net, table }: { net: string; table: string }): string {
  return [
    `ip link add ${bridge} type bridge`,
    `ip link set ${bridge} up`,
    `ip address add ${net}.1/28 dev ${bridge}`,
    `ip route add ${net}.64/28 dev ${bridge}`,
    `ip route add ${net}.128/28 dev ${bridge} table ${table}`,
    `ip rule add from ${net}.1 table ${table}`,
    `ip neighbour add ${net}.9 lladdr 02:00:00:00:00:09 dev ${bridge}`,
  ].join("\n");
}

function undoAll(): void {
  for (const table of [ownTable, foreignTable]) spawnSync("ip", ["rule", "delete", "table", table]);
  for (const bridge of [ownBridge, foreignBridge]) spawnSync("ip", ["link", "delete", bridge]);
}

/** The kernel says whose these are; only who made an interface it does not. */
const told = [
  "address 192.0.2.1",
  "route to 192.0.2.64/28",
  "route to 192.0.2.128/28",
  "from 192.0.2.1",
  "192.0.2.9 of",
];

describe.skipIf(lack !== null)(`residue run, where the network is changed${lack === null ? "" : ` (${lack})`}`, () => {
  it("tells what the command changed from what others changed at the same time", async () => {
    onTestFinished(undoAll);
    const script = `${setUp(ownBridge, { net: "192.0.2", table: ownTable })}\necho ready; read answer`;
    const root = ["--root", temporaryDirectory()];
    const parameters = [launcher, "run", "--json", ...root, "--", "sh", "-e", "-c", script];
    const child = spawn(process.execPath, parameters, { stdio: ["pipe", "pipe", "ignore"] });
    onTestFinished(() => void child.kill());
    const ended = once(child, "exit");
    const output = text(child.stdout);
    await once(child.stdout, "data");
    const foreign = setUp(foreignBridge, { net: "198.51.100", table: foreignTable });
    expect(spawnSync("sh", ["-e", "-c", foreign], { encoding: "utf8" }).stderr).toBe("");
    child.stdin.end("go on\n");
    await ended;
    const report = ResidueReport.parse(JSON.parse((await output).replace(/^ready\n/, "")));
    const whose = report.findings
      .filter(({ surface }) => surface === "network")
      .map(({ subject, attribution }) => `${attribution.to}: ${subject}`);
    for (const words of told) {
      const found = whose.filter((line) => line.includes(words)).map((line) => line.replace(/: .*/, ""));
      expect(found, words).toEqual(["job"]);
    }
    expect(whose.filter((line) => line.endsWith(`interface ${ownBridge}`)).join("")).toMatch(/^(job|shared): /);
    expect(whose.filter((line) => /198\.51\.100\.(1|9|64|128)\b/.test(line))).toEqual([]);
    const excused = report.excused.filter(({ rule }) => rule === "foreign-process").map(({ count }) => count);
    expect(excused.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(told.length);
  });
});
