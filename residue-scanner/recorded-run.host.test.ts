import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { describe, expect, it, onTestFinished } from "vitest";

import { ResidueReport } from "../protocol/residue-report.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const isRoot = process.geteuid?.() === 0;
const launcher = join(import.meta.dirname, "../bin/residue.mjs");

/** Runs a shell script under `residue run`; once it has said `ready`, this process, a foreign one, does something too. */
async function runBeside(root: string, script: string, foreign: () => void): Promise<ResidueReport> {
  const parameters = [
    launcher,
    "run",
    "--json",
    "--root",
    root,
    "--",
    "sh",
    "-c",
    `${script}\necho ready; read answer`,
  ];
  const child = spawn(process.execPath, parameters, { stdio: ["pipe", "pipe", "ignore"] });
  onTestFinished(() => void child.kill());
  const ended = once(child, "exit");
  const output = text(child.stdout);
  await once(child.stdout, "data");
  foreign();
  child.stdin.end("go on\n");
  await ended;
  return ResidueReport.parse(JSON.parse((await output).replace(/^ready\n/, "")));
}

describe.skipIf(!isRoot)("residue run, with a recorder (needs root)", () => {
  it("tells the command's files from others', and from those that both wrote to", async () => {
    const root = temporaryDirectory();
    const at = (name: string) => join(root, name);
    mkdirSync(at("kept"));
    writeFileSync(at("modes"), "");
    const script = `
      echo 1 > ${at("own")}
      echo 1 > ${at("both")}
      chmod 600 ${at("modes")}
      mkdir ${at("made")}; echo 1 > ${at("made")}/in; mv ${at("made")} ${at("moved")}
      setsid env -i sh -c 'sh -c "echo 1 > ${at("daemon")}" &' &
      wait; while [ ! -s ${at("daemon")} ]; do :; done`;
    const report = await runBeside(root, script, () => {
      writeFileSync(at("foreign"), "2");
      writeFileSync(at("both"), "2", { flag: "a" });
      chmodSync(at("kept"), 0o700);
    });
    const files = report.findings.filter(({ surface }) => surface === "files");
    const whose = Object.fromEntries(
      files.map(({ location, attribution }) => [location.slice(root.length + 1), attribution.to]),
    );
    expect(whose).toEqual({ own: "job", both: "shared", modes: "job", moved: "job", daemon: "job" });
    const excused = report.excused.filter(({ rule }) => rule === "foreign-process").flatMap(({ examples }) => examples);
    expect(excused.join("\n")).toContain(`process ${process.pid} (`);
    expect(report.recorder?.find(({ source }) => source === "files")?.status).toBe("done");
  });
});
