import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { probeBubblewrap } from "../../agent/sandbox/bubblewrap-probe.ts";
import { jobReadOptions } from "./job-read.ts";
import { workJob } from "./work-job.ts";

const root = resolve(import.meta.dirname, "../..");
const found = await probeBubblewrap({ environment: process.env, network: "none", hidden: [], workspace: tmpdir() });
if (!found.works) console.warn(`Skipped: what an enclosed job finds, because ${found.why}`);

/** As an agent does it whose user's home is `HOME`. */
const enclosed = `
  import { execFileSync } from "node:child_process";
  import { bubblewrapEnclosure } from ${JSON.stringify(join(root, "agent/sandbox/bubblewrap-enclosure.ts"))};
  import { probeBubblewrap } from ${JSON.stringify(join(root, "agent/sandbox/bubblewrap-probe.ts"))};
  const { workspace, read, command } = JSON.parse(process.argv[1]);
  const found = await probeBubblewrap({ environment: process.env, network: "none", hidden: [], read, workspace });
  const [file, ...args] = bubblewrapEnclosure(found.options).enclose({ workspace, sizeBytes: 1024 ** 2 }, command);
  execFileSync(file, args, { stdio: "pipe" });
`;

test.skipIf(!found.works)("an enclosed job finds its program though the user's home is the checkout itself", () => {
  const workspace = mkdtempSync(join(tmpdir(), "job-read-"));
  onTestFinished(() => rmSync(workspace, { recursive: true, force: true }));
  const { command } = workJob({ units: 1, unitCpuMs: 1, children: 0 }, "test");
  const [, ...read] = jobReadOptions(root);
  const told = JSON.stringify({ workspace, read, command });
  execFileSync(process.execPath, ["--input-type=module", "-e", enclosed, told], {
    ...{ env: { ...process.env, HOME: root }, stdio: "pipe" },
  });
  expect(JSON.parse(readFileSync(join(workspace, "result"), "utf8"))).toMatchObject({ startedFrom: 0 });
});

test("nothing more is shown to jobs where the checkout is no home", () => {
  expect(jobReadOptions(join(root, ".."))).toEqual([]);
  expect(jobReadOptions(join(root, "home"))).toEqual(["--job-read", import.meta.dirname]);
});
