import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import { surfaces } from "../core/fact.ts";
import { recorderSources } from "../core/recording.ts";
import { runResidue } from "../testing/run-residue.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";

const isRoot = process.geteuid?.() === 0;

describe.skipIf(!isRoot)("residue watch (needs root)", () => {
  it("shows what the command's processes touch, with their end in the background, and ends as the command does", async () => {
    const root = temporaryDirectory();
    const at = (name: string) => join(root, name);
    const script = `echo 1 > ${at("own")}; mkdir ${at("d")}
      setsid env -i sh -c 'sh -c "echo 1 > ${at("daemon")}" &' & wait; while [ ! -s ${at("daemon")} ]; do :; done; exit 5`;
    const { exitCode, stdout, stderr } = await runResidue(["watch", "--json", "--", "sh", "-c", script]);
    type Line = { where: string; what: string[]; pid: number; isOwn: boolean };
    const lines = stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
    const told = (name: string) => lines.filter(({ where }) => where === at(name));
    // What is told at two times is told on two lines.
    expect(new Set(told("own").flatMap(({ what }) => what))).toEqual(new Set(["created", "modified"]));
    expect(told("d").flatMap(({ what }) => what)).toEqual(["created"]);
    const [own, daemon] = [told("own")[0]?.pid, told("daemon")[0]?.pid];
    expect(daemon).toBeGreaterThan(0);
    expect(daemon).not.toBe(own);
    expect(lines.filter(({ isOwn }) => !isOwn)).toEqual([]);
    expect([exitCode, stderr]).toEqual([5, ""]);
  });
});

describe.skipIf(!isRoot)("residue watch of directories that are gone (needs root)", () => {
  it("tells what was in them by its whole path", async () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, "old/inner"), { recursive: true });
    writeFileSync(join(root, "old/inner/file"), "");
    const script = 'cd "$1"; mkdir -p new/inner; : > new/inner/made; mv new moved; rm -r moved old';
    const { stdout } = await runResidue(["watch", "--json", "--", "sh", "-c", script, "sh", root]);
    const lines = stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { where: string; what: string[]; pid: number | null });
    const names = new Set(["made", "file", "inner"]);
    const told = lines.filter(({ where }) => names.has(where.slice(where.lastIndexOf("/") + 1)));
    // Of one that was moved, the last path that led there.
    const gone = (path: string) =>
      told.some(({ where, what }) => where === join(root, path) && what.includes("deleted"));
    for (const path of ["moved/inner/made", "moved/inner", "old/inner/file", "old/inner"])
      expect([path, gone(path)]).toEqual([path, true]);
    expect(told.filter(({ where }) => !where.startsWith("/"))).toEqual([]);
  });
});

describe.skipIf(isRoot)("residue watch (of an ordinary user)", () => {
  it("says that it needs root, and runs nothing", async () => {
    const { exitCode, stdout, stderr } = await runResidue(["watch", "--", "echo", "ran"]);
    expect([exitCode, stdout]).toEqual([64, ""]);
    expect(stderr).toContain("Run it as root");
  });
});

describe("residue doctor", () => {
  it("tells of every collector and every source of the recorder, with what to do where one does not see all", async () => {
    const { exitCode, stdout, stderr } = await runResidue(["doctor", "--json"]);
    type Seen = { surface?: string; source?: string; status: string; detail: string; advice: string };
    const { collectors, recorder, best } = jsonOf({ stdout, stderr, exitCode }) as {
      collectors: Seen[];
      recorder: Seen[];
      best: string;
    };
    expect(new Set(collectors.map(({ surface }) => surface))).toEqual(new Set(surfaces));
    expect(recorder.map(({ source }) => source)).toEqual([...recorderSources]);
    const limited = [...collectors, ...recorder].filter(({ status }) => status !== "done");
    expect(limited.filter(({ detail, advice }) => detail === "" || advice === "")).toEqual([]);
    expect([exitCode, best === "clean"]).toEqual(limited.length === 0 ? [0, true] : [2, false]);
  });
});
