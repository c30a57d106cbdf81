import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { ResidueReport } from "../protocol/residue-report.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";
import { lackForCalls } from "./testing/watched-calls.ts";

const launcher = join(import.meta.dirname, "../bin/residue.mjs");
const lack =
  spawnSync("unshare", ["--net", "ip", "link", "show"]).status === 0 ? await lackForCalls() : "needs root and ip(8)";
const runMsMax = 120_000;

/** Everything that the lists of a network namespace have, upon a bridge. */
function setUp(bridge: string, { net, table }: { net: string; table: number }): string {
  return [
    `ip link add ${bridge} type bridge`,
    `ip link set ${bridge} up`,
    `ip address add ${net}.1/28 dev ${bridge}`,
    `ip route add ${net}.64/28 dev ${bridge}`,
    `ip route add ${net}.128/28 dev ${bridge} table ${table}`,
    `ip rule add from ${net}.1 table ${table}`,
    `ip neighbour add ${net}.9 lladdr 02:00:00:00:00:09 dev ${bridge}`,
    `ip address add 2001:db8:${table}::1/64 dev ${bridge} nodad`,
  ].join("\n");
}

/**
 * Runs a script under `residue run`, and another one beside it when that is through, both in a network namespace that
 * goes with them.
 */
function runBeside(script: string, foreign: string): ResidueReport {
  const directory = temporaryDirectory();
  const root = temporaryDirectory();
  const [goOn, done] = [join(directory, "go-on"), join(directory, "done")];
  const all = `
    mkfifo ${goOn} ${done}
    (read line < ${goOn}; ${foreign}
    echo done > ${done}) >&2 &
    "$@"`;
  const wanted = [process.execPath, launcher, "run", "--json", "--root", root, "--"];
  const watched = ["sh", "-e", "-c", `${script}\necho go on > ${goOn}; read line < ${done}`];
  const { stdout, stderr } = spawnSync("unshare", ["--net", "sh", "-e", "-c", all, "sh", ...wanted, ...watched], {
    encoding: "utf8",
    timeout: runMsMax,
    maxBuffer: 64 * 1024 * 1024,
  });
  expect(stderr).not.toContain("RTNETLINK");
  return ResidueReport.parse(JSON.parse(stdout));
}

describe.skipIf(lack !== null)(`residue run, where the network is changed${lack === null ? "" : ` (${lack})`}`, () => {
  it("tells what the command changed from what others changed at the same time", () => {
    const report = runBeside(
      setUp("hg-own", { net: "192.0.2", table: 111 }),
      setUp("hg-foreign", { net: "198.51.100", table: 222 }),
    );
    const of = (words: RegExp) =>
      report.findings
        .filter(({ surface, subject, location }) => surface === "network" && words.test(`${subject} ${location}`))
        .map(({ subject, attribution }) => `${attribution.to}: ${subject}`);
    const own = of(/hg-own|192\.0\.2\.|db8:111:|table 111/);
    expect(own.filter((line) => !line.startsWith("job: "))).toEqual([]);
    for (const kind of [
      "interface",
      "address 192.0.2.1",
      "route to 192.0.2.64",
      "rule",
      "neighbour",
      "address 2001:",
    ]) {
      expect(own.join("\n")).toContain(kind);
    }
    expect(of(/hg-foreign|198\.51\.100\.|db8:222:|table 222/)).toEqual([]);
    const excused = report.excused.filter(({ rule }) => rule === "foreign-process").map(({ count }) => count);
    expect(excused.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(own.length);
  });
});
