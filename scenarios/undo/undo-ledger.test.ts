import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { runMarker } from "../../protocol/job-environment.ts";
import { isAlive, processStat } from "../stages/host/proc.ts";
import { UndoLedger } from "./undo-ledger.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "undo-ledger-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const file = () => join(place, "undo.jsonl");

describe("UndoLedger", () => {
  it("undoes in reverse order and is then empty for whoever opens it again", async () => {
    const ledger = UndoLedger.open(file());
    const outer = join(place, "outer");
    ledger.register({ undo: "remove-directory", path: outer });
    mkdirSync(outer);
    ledger.register({ undo: "remove-directory", path: join(outer, "inner") });
    mkdirSync(join(outer, "inner"));
    expect(await ledger.undoAll()).toEqual([]);
    ledger.close();
    expect(existsSync(outer)).toBe(false);
    const again = UndoLedger.open(file());
    expect(again.open).toEqual([]);
    again.close();
  });

  it("lets a stopped process go on, and has nothing to do for one that is gone", async () => {
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    const pid = child.pid!;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    const startTime = processStat(pid)!.startTime;
    const ledger = UndoLedger.open(file());
    ledger.register({ undo: "continue-process", pid, startTime, name: "agent" });
    child.kill("SIGSTOP");
    // A process that stands still hears no SIGTERM before it goes on.
    child.kill("SIGTERM");
    expect(await ledger.undoAll()).toEqual([]);
    await exited;
    ledger.register({ undo: "continue-process", pid, startTime, name: "agent" });
    expect(await ledger.undoAll()).toEqual([]);
    ledger.close();
  });

  it("gives a later process what an earlier one registered, a torn last line left out", async () => {
    const first = UndoLedger.open(file());
    const path = join(place, "left");
    first.register({ undo: "remove-directory", path });
    mkdirSync(path);
    first.close();
    appendFileSync(file(), '{"entry":"do","id":1,"act');
    const second = UndoLedger.open(file());
    expect(second.open).toEqual([{ undo: "remove-directory", path }]);
    expect(await second.undoAll()).toEqual([]);
    second.close();
    expect(existsSync(path)).toBe(false);
    // What was written after the torn line is whole.
    const third = UndoLedger.open(file());
    expect(third.open).toEqual([]);
    third.close();
  });

  it("keeps what cannot be undone and says how to finish it", async () => {
    const ledger = UndoLedger.open(file());
    // A path below a file can be neither there nor removed.
    writeFileSync(join(place, "file"), "");
    ledger.register({ undo: "remove-directory", path: join(place, "file", "below") });
    const [left] = await ledger.undoAll();
    expect(left?.finishWith).toContain("rm -rf");
    expect(left?.why).toContain("ENOTDIR");
    expect(ledger.open).toHaveLength(1);
    ledger.close();
  });

  it("keeps the home of an agent that could not be withdrawn, with the command that finishes it", async () => {
    const ledger = UndoLedger.open(file());
    const around = join(place, "around");
    ledger.register({ undo: "remove-directory", path: around });
    mkdirSync(join(around, "home"), { recursive: true });
    ledger.register({ undo: "withdraw-agent", command: ["/bin/false"], home: join(around, "home") });
    const left = await ledger.undoAll();
    expect(left.map((one) => one.what)).toEqual([
      expect.stringContaining("agent"),
      expect.stringContaining("directory"),
    ]);
    expect(left[0]?.finishWith).toBe(`/bin/false withdraw --home '${join(around, "home")}'`);
    expect(existsSync(join(around, "home"))).toBe(true);
    ledger.close();
  });

  it("withdraws an agent while a broker runs that was started again after it had joined", async () => {
    const ledger = UndoLedger.open(file());
    const home = join(place, "home");
    mkdirSync(home);
    const broker = spawn("sleep", ["1000"], { stdio: "ignore" });
    const ended = once(broker, "exit");
    const pid = broker.pid!;
    const startTime = processStat(pid)!.startTime;
    ledger.register({
      undo: "withdraw-agent",
      command: ["/bin/sh", "-c", `kill -0 ${pid} && rm -r '${home}'`, "x"],
      home,
    });
    ledger.register({ undo: "kill-process", pid, startTime, name: "broker" });
    expect(await ledger.undoAll()).toEqual([]);
    ledger.close();
    expect(await ended).toEqual([null, "SIGKILL"]);
  });

  it("asks an agent once more when everything else is undone", async () => {
    const ledger = UndoLedger.open(file());
    const [around, asked] = [join(place, "around"), join(place, "asked")];
    const home = join(around, "home");
    ledger.register({ undo: "remove-directory", path: around });
    mkdirSync(home, { recursive: true });
    const script = `if [ -e '${asked}' ]; then rm -r '${home}'; else touch '${asked}'; fi`;
    ledger.register({ undo: "withdraw-agent", command: ["/bin/sh", "-c", script, "x"], home });
    expect(await ledger.undoAll()).toEqual([]);
    expect(ledger.open).toEqual([]);
    ledger.close();
    expect(existsSync(around)).toBe(false);
  });

  it("kills exactly the marked processes, whatever session they moved to", async () => {
    const run = `test-${process.pid}-${Date.now()}`;
    const marked = spawn("/bin/sh", ["-c", "setsid sleep 1000 & echo started; sleep 1000"], {
      env: { ...process.env, [runMarker]: run },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const other = spawn("sleep", ["1000"], { stdio: "ignore" });
    await new Promise((resolve) => marked.stdout.once("data", resolve));
    const ended = new Promise((resolve) => marked.once("exit", resolve));
    const ledger = UndoLedger.open(file());
    ledger.register({ undo: "kill-marked", run });
    expect(await ledger.undoAll()).toEqual([]);
    ledger.close();
    await ended;
    const identity = { pid: other.pid ?? 0, startTime: processStat(other.pid ?? 0)?.startTime ?? "" };
    expect(isAlive(identity)).toBe(true);
    other.kill("SIGKILL");
  });

  it("never kills a later process that got the same pid", async () => {
    const other = spawn("sleep", ["1000"], { stdio: "ignore" });
    const pid = other.pid ?? 0;
    const ledger = UndoLedger.open(file());
    ledger.register({ undo: "kill-process", pid, startTime: "1", name: "an earlier one" });
    expect(await ledger.undoAll()).toEqual([]);
    ledger.close();
    expect(isAlive({ pid, startTime: processStat(pid)?.startTime ?? "" })).toBe(true);
    other.kill("SIGKILL");
  });

  it("tries once more what failed, when whoever bore it is gone by then", async () => {
    const ledger = UndoLedger.open(file());
    const broker = spawn("sleep", ["600"], { stdio: "ignore" });
    await once(broker, "spawn");
    const pid = broker.pid ?? 0;
    const startTime = processStat(pid)?.startTime ?? "";
    ledger.register({ undo: "kill-process", pid, startTime, name: "broker" });
    // Nobody listens there: a broker that hangs.
    const url = "http://127.0.0.1:1";
    ledger.register({ undo: "remove-broker-fault", url, operatorToken: "t", pid, startTime, expiresInMs: 1 });
    expect(await ledger.undoAll()).toEqual([]);
    ledger.close();
  });
});
