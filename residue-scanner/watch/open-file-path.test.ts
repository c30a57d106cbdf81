import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";

import { expect, it, onTestFinished } from "vitest";

import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { openFilePath, openFileStats } from "./open-file-path.ts";

const long = "d".repeat(200);
const beyondPathMax = 4_200 / long.length;

it.runIf(process.platform === "linux")("is not told of a file that lies deeper than a path can say", () => {
  const top = temporaryDirectory();
  const opened: number[] = [];
  onTestFinished(() => opened.forEach(closeSync));
  const open = (path: string): number => {
    const descriptor = openSync(path, "r");
    opened.push(descriptor);
    return descriptor;
  };
  let at = open(top);
  expect(openFilePath(at)).toBe(top);
  for (let depth = 0; depth < beyondPathMax; depth += 1) {
    const below = `/proc/self/fd/${at}/${long}`;
    mkdirSync(below);
    at = open(below);
  }
  expect(openFilePath(at)).toBeNull();
});

/** In a network namespace of its own: an interface, a setting of it that is open, and no interface any more. */
const script = `
  import { execFileSync } from "node:child_process";
  import { openSync } from "node:fs";
  const { openFileStats } = await import(process.argv[1]);
  execFileSync("ip", ["link", "add", "hg", "type", "veth"]);
  const file = openSync("/proc/sys/net/ipv4/conf/hg/forwarding", "r");
  const before = openFileStats(file) !== null;
  execFileSync("ip", ["link", "delete", "hg"]);
  console.log(JSON.stringify({ before, after: openFileStats(file) }));
`;
const alone = ["--net", "ip", "link", "add", "hg", "type", "veth"];
const canMake = process.platform === "linux" && spawnSync("unshare", alone).status === 0;

it.skipIf(!canMake)("knows nothing of a setting that went with its interface (needs root, unshare and ip)", () => {
  const module = new URL("./open-file-path.ts", import.meta.url).href;
  const node = [process.execPath, "--input-type=module", "-e", script, module];
  const { stdout, stderr } = spawnSync("unshare", ["--net", ...node], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({ before: true, after: null });
  expect(openFileStats(0)).not.toBeNull();
});
