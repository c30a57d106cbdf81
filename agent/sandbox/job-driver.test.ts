import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

const at = (file: string): string => new URL(file, import.meta.url).href;

/** A process of its own, which looks for its job's descendants when it can open nothing any more, and when it can again. */
const outOfDescriptors = `
  import { closeSync, mkdtempSync, mkdirSync, openSync, rmSync } from "node:fs";
  import { tmpdir } from "node:os";
  import { join } from "node:path";
  import { processDriver } from "${at("process-driver.ts")}";
  import { memoryLedger } from "${at("testing/memory-ledger.ts")}";
  import { JobSpec } from "${at("../../protocol/messages.ts")}";
  let track;
  const real = globalThis.setInterval;
  globalThis.setInterval = (callback, ...rest) => real((track = callback), ...rest);
  const agentId = "a".repeat(64);
  const driver = processDriver({ agentId, ledger: memoryLedger(), environment: process.env, cgroupRoot: null });
  globalThis.setInterval = real;
  const place = mkdtempSync(join(tmpdir(), "houseguest-driver-"));
  const workspace = join(place, "workspace");
  mkdirSync(workspace);
  const job = JobSpec.parse({ command: ["sleep", "600"] });
  const names = { leaseId: "lease-1", jobId: "job-1", epoch: 1, agentId };
  await driver.start({ ...names, job, workspace, logFile: join(place, "job.log") });
  const open = [];
  try { for (;;) open.push(openSync("/dev/null")); } catch { /* none is left */ }
  let said = "went on";
  try { track(); } catch (error) { said = error.code; }
  for (const one of open) closeSync(one);
  track();
  const { left } = await driver.endAll({ graceMs: 0, deadlineMs: 10_000 });
  driver.close();
  rmSync(place, { recursive: true });
  console.log(JSON.stringify({ said, left }));`;

test("an agent without cgroups that can open nothing more looks for descendants again when it can", () => {
  const node = [process.execPath, "--input-type=module", "-e", outOfDescriptors];
  const said = execFileSync("sh", ["-c", 'ulimit -n 256 && exec "$@"', "sh", ...node], { encoding: "utf8" });
  expect(JSON.parse(said)).toEqual({ said: "went on", left: [] });
});
