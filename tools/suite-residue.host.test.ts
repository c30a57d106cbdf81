import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

import { runMarker } from "../protocol/job-environment.ts";
import type { Finding } from "../protocol/residue-report.ts";
import { watchSuite } from "./suite-residue.ts";

const root = resolve(import.meta.dirname, "..");

describe("the suite's own residue", () => {
  test("a forgotten file and a forgotten process are found, and what is told apart from them is not blamed", async () => {
    // Not in a temporary directory that the watch leaves to others.
    const place = mkdtempSync("/var/tmp/place-");
    const watch = await watchSuite(root);
    const forgotten = join(place, "houseguest-forgotten");
    const others = join(place, "somebody-elses");
    writeFileSync(forgotten, "");
    writeFileSync(others, "");
    const child = spawn("sleep", ["600"], { env: { ...process.env, [runMarker]: watch.runId } });
    try {
      const { left } = await watch.compare();
      expect(left.map(({ location }) => location)).toContain(forgotten);
      expect(left.map(({ location }) => location)).not.toContain(others);
      expect(left.filter(({ surface }) => surface === "processes")).toEqual([
        expect.objectContaining({ location: expect.stringContaining(`${child.pid}`) }),
      ]);
      const ended = once(child, "exit");
      await watch.endProcesses();
      expect(await ended).toEqual([null, "SIGKILL"]);
    } finally {
      child.kill("SIGKILL");
      rmSync(place, { recursive: true });
    }
    const { left } = await watch.compare();
    expect(left.filter(({ location }) => location.startsWith(place))).toEqual([]);
    expect(left.filter(({ surface }) => surface === "processes")).toEqual([]);
  });

  test.skipIf(process.geteuid?.() !== 0)(
    "what the kernel keeps of a test counts where nobody else is at work (needs root)",
    async () => {
      const [alone, among] = [await watchSuite(root, { isAlone: true }), await watchSuite(root)];
      const id = execFileSync("ipcmk", ["--shmem", "4096"], { encoding: "utf8" }).trim().split(" ").at(-1) ?? "";
      const isIt = ({ surface, subject }: Finding) => surface === "ipc" && subject.includes(id);
      try {
        expect((await alone.compare()).left.filter(isIt)).toHaveLength(1);
        expect((await among.compare()).left.filter(isIt)).toEqual([]);
      } finally {
        execFileSync("ipcrm", ["--shmem-id", id]);
      }
    },
  );
});
