import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { probeBubblewrap } from "./bubblewrap-probe.ts";
import { chooseDriver, type SandboxWish } from "./choose-driver.ts";
import type { SandboxDriver } from "./port.ts";
import { memoryLedger } from "./testing/memory-ledger.ts";

const found = await probeBubblewrap({ environment: process.env, network: "none", hidden: [], workspace: tmpdir() });
const path = process.env["PATH"] ?? "";
let home: string;
let held: SandboxDriver | null = null;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "houseguest-choice-"));
});
afterEach(() => {
  held?.close();
  held = null;
  rmSync(home, { recursive: true });
});

async function choose(wish: SandboxWish, environment: NodeJS.ProcessEnv = { PATH: path }): Promise<SandboxDriver> {
  const ledger = memoryLedger();
  const agentId = randomBytes(32).toString("hex");
  try {
    held = await chooseDriver({ wish, home, ledger, agentId, environment, cgroupRoot: null });
    return held;
  } catch (error) {
    expect(ledger.live()).toEqual([]);
    throw error;
  }
}

/** A bubblewrap as it is where user namespaces are forbidden. */
function forbidden(): NodeJS.ProcessEnv {
  const program = join(home, "bwrap");
  writeFileSync(program, "#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2; exit 1\n");
  chmodSync(program, 0o755);
  return { PATH: home + delimiter + path };
}

test.skipIf(!found.works)("auto takes bubblewrap where a program runs in it (skipped where none does)", async () => {
  expect((await choose({ driver: "auto", network: null, read: [] })).name).toBe("bubblewrap");
});

test("auto takes ordinary processes where bubblewrap does not work, and says why", async () => {
  const { name, cannot } = await choose({ driver: "auto", network: null, read: [] }, forbidden());
  expect(name).toBe("process");
  expect(cannot[0]).toMatch(/^Jobs are not enclosed, .*bwrap: No permissions to create a new namespace/);
});

test("bubblewrap that is asked for and does not work is an error that says what to do", async () => {
  await expect(choose({ driver: "bubblewrap", network: null, read: [] }, forbidden())).rejects.toMatchObject({
    code: "no-bubblewrap",
    message: expect.stringContaining("No permissions to create a new namespace"),
    next: expect.stringContaining("--sandbox process"),
  });
});

test.each<SandboxWish>([
  { driver: "auto", network: "none", read: [] },
  { driver: "process", network: "none", read: [] },
])("who asks for jobs without a network does not get them with one: $driver", async (wish) => {
  await expect(choose(wish, forbidden())).rejects.toMatchObject({ code: "no-job-network" });
});

test("processes are taken when they are asked for, whatever works", async () => {
  expect((await choose({ driver: "process", network: "host", read: [] })).name).toBe("process");
});
