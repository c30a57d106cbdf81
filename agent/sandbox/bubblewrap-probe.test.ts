import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { probeBubblewrap } from "./bubblewrap-probe.ts";

const found = await probeBubblewrap({ environment: process.env, network: "none", hidden: [], workspace: tmpdir() });
const able = found.works && process.getuid?.() === 0;
if (!able) console.warn("Skipped: what the trial of bubblewrap leaves to process 1, which needs root and bubblewrap");

const trial = `
  import { probeBubblewrap } from ${JSON.stringify(join(import.meta.dirname, "bubblewrap-probe.ts"))};
  const workspace = ${JSON.stringify(tmpdir())};
  const { works } = await probeBubblewrap({ environment: process.env, network: "none", hidden: [], workspace });
  console.log(works);
`;

/** Process 1 of a PID namespace. As in a container without an init it waits for the one that it starts, and no other. */
const processOne = `
  const { spawnSync } = require("node:child_process");
  const { readdirSync, readFileSync } = require("node:fs");
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", process.argv.at(-1)]);
  const others = readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name) && name !== "1");
  const left = others.map((pid) => readFileSync("/proc/" + pid + "/stat", "latin1"));
  console.log(JSON.stringify({ works: String(stdout).trim(), said: String(stderr), left }));
`;

test.skipIf(!able)("the trial leaves no process to process 1, which may collect none", () => {
  const namespace = ["--pid", "--fork", "--kill-child", "--mount-proc"];
  const said = execFileSync("unshare", [...namespace, process.execPath, "-e", processOne, trial], { encoding: "utf8" });
  expect(JSON.parse(said)).toEqual({ works: "true", said: "", left: [] });
});
