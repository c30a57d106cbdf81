import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { seededRandom } from "../../foundation/random.ts";
import type { HistoryData, HistoryType } from "../../protocol/history.ts";
import { defaultTiming } from "../../protocol/timing.ts";
import { createRunDirectory } from "../run-directory.ts";
import { RunHistory } from "../run-history.ts";
import { hostFaultContext } from "../stages/host/host-fault-context.ts";
import { HostStage } from "../stages/host/host-stage.ts";
import { processStat } from "../stages/host/proc.ts";
import { playSteps } from "../steps/play-steps.ts";
import type { Step, StepOf } from "../steps/step.ts";
import { UndoLedger } from "../undo/undo-ledger.ts";
import type { AgentDefinition } from "./define-agent.ts";
import { ForeignCast, runForeignStep } from "./foreign-steps.ts";

const brokerCommand = [process.execPath, resolve(import.meta.dirname, "../../bin/broker-sim.mjs")];

let runs: string;
let history: RunHistory;
let ledger: UndoLedger;
let stage: HostStage;

beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), "foreign-"));
  const directory = createRunDirectory(runs, "foreign", new Date(0));
  writeFileSync(directory.history, "");
  history = new RunHistory(directory.history, directory.run);
  ledger = UndoLedger.open(directory.undo);
  const id = process.pid.toString(16).padStart(8, "0");
  stage = HostStage.open({
    ...{ directory, id, history, ledger, signal: new AbortController().signal, timing: defaultTiming },
    ...{ agentCommand: [], brokerCommand, store: "memory", random: seededRandom("s") },
    ...{ faultContext: hostFaultContext, brokerTakesFaults: false },
  });
});
afterEach(async () => {
  await stage.leave(0);
  // Takes down what a test that failed left running, too.
  await ledger.undoAll();
  ledger.close();
  history.close();
  rmSync(runs, { recursive: true, force: true });
});

const pidOf = (home: string): number => Number(readFileSync(`${home}.pid`, "utf8"));

/** A program of nobody's here, which does nothing for long. */
const sleeper: AgentDefinition = {
  name: "sleeper",
  // In the place of the harness, which goes with all that is in it.
  join: ["/bin/sh", "-c", 'setsid sleep 1000 & echo $! > "$1.pid"', "sh", "{home}"],
  pids: ({ home }) => [pidOf(home)],
  status: ["/bin/sh", "-c", 'kill -0 "$(cat "$1.pid")" && echo Working', "sh", "{home}"],
  pause: ({ pids }) => pids().forEach((pid) => process.kill(pid, "SIGSTOP")),
  resume: ["/bin/kill", "-CONT", "{pid}"],
  withdraw: ["/bin/sh", "-c", 'kill -9 "$(cat "$1.pid")"; rm "$1.pid"', "sh", "{home}"],
};

async function play(definition: AgentDefinition, steps: readonly Step[]): Promise<void> {
  const cast = new ForeignCast(stage, definition);
  await playSteps(steps, {
    record: history.record,
    before: async () => undefined,
    perform: (step, nested) => runForeignStep(cast, step, nested),
  });
}

const joins: Step = { step: "join", agent: "guest", slots: 1 };
const withdraws: Step = { step: "withdraw", agent: "guest", deadlineMs: 60_000 };

function ends(): string[] {
  return history.records.flatMap(({ type, data }) => (type === "step.end" ? [`${data.step} ${data.outcome}`] : []));
}

/** Why those were not applicable that were not. */
function details(): string[] {
  return history.records.flatMap(({ type, data }) =>
    type === "step.end" && data.outcome === "not-applicable" ? [data.detail] : [],
  );
}

function seen<T extends HistoryType>(type: T): HistoryData<T>[] {
  return history.records.flatMap((record) => (record.type === type ? [record.data as HistoryData<T>] : []));
}

describe("somebody else's agent", () => {
  it("is driven by its adapter and watched from outside, from its coming to its going", async () => {
    await play(sleeper, [
      joins,
      { step: "probe", holds: { fact: "state", agent: "guest", is: "Working" } },
      { step: "pause", agent: "guest" },
      { step: "watch-frozen", agent: "guest", forMs: 30 },
      { step: "resume", agent: "guest" },
      { step: "pause-resume-cycles", agent: "guest", cycles: 2 },
      withdraws,
      { step: "probe", holds: { fact: "process", agent: "guest", is: "ended" } },
    ]);
    expect(ends().filter((line) => !line.endsWith(" done"))).toEqual([]);
    expect(seen("witness.freeze").map(({ processes }) => processes)).toEqual([1, 1, 1]);
    expect(seen("witness.frozen").map(({ processes, running }) => [processes, running])).toEqual(
      Array.from({ length: 4 }, () => [1, 0]),
    );
    expect(seen("witness.withdrawn")).toHaveLength(1);
    // Who has gone as it was asked to is not taken down once more.
    expect(ledger.open.filter(({ undo }) => undo === "run-command")).toEqual([]);
  });

  it("has steps that are not applicable, which neither pass nor end the run", async () => {
    const { pause: _, resume: __, status: ___, ...bare } = sleeper;
    await play(bare, [
      { step: "start-broker" },
      joins,
      { step: "submit", batch: "work", jobs: 1, units: 1, unitCpuMs: 1, children: 0 },
      { step: "repeat", times: 1, steps: [{ step: "pause", agent: "guest" }] },
      { step: "probe", holds: { fact: "state", agent: "guest", is: "Idle" } },
      { step: "probe", holds: { fact: "leases", agent: "guest", min: 1 } },
      { step: "kill", agent: "guest" },
      { step: "probe", holds: { fact: "process", agent: "guest", is: "running" } },
      withdraws,
    ]);
    const lacks = ["start-broker", "submit", "pause", "probe", "probe", "kill"];
    expect(ends()).toEqual(
      ["start-broker", "join", "submit", "pause", "repeat", "probe", "probe", "kill", "probe", "withdraw"].map(
        (step, index) => `${step} ${lacks.includes(step) && index !== 8 ? "not-applicable" : "done"}`,
      ),
    );
  });

  it.each<[string, Partial<StepOf<"join">>, string]>([
    ["is to start with the host", { autostart: true }, "sleeper has nothing by which it is started with the host"],
    ["is to be held by a cage", { cage: { processesMax: 50 } }, "nothing would hold what sleeper and its jobs take"],
  ])("does not join where it %s, and nothing is asked of it then", async (_, asked, why) => {
    const takesJobs: AgentDefinition = { ...sleeper, submit: () => undefined };
    await play(takesJobs, [
      { ...joins, ...asked },
      { step: "submit", batch: "work", jobs: 1, units: 1, unitCpuMs: 1, children: 0 },
      { step: "pause", agent: "guest" },
      { step: "probe", holds: { fact: "process", agent: "guest", is: "running" } },
      { step: "wait", forMs: 1 },
      withdraws,
    ]);
    expect(ends()).toEqual([
      ...["join", "submit", "pause", "probe"].map((step) => `${step} not-applicable`),
      ...["wait done", "withdraw not-applicable"],
    ]);
    expect(details()).toEqual([why, ...Array.from({ length: 4 }, () => "guest did not join")]);
    expect(ledger.open.filter(({ undo }) => undo === "run-command")).toEqual([]);
  });

  it("has no job told of when nobody joined who would have done it", async () => {
    const batch = "hungry";
    await play({ ...sleeper, usesBroker: true }, [
      { step: "start-broker" },
      { ...joins, cage: { memoryMib: 512 } },
      { step: "submit", batch, jobs: 1, units: 1, unitCpuMs: 1, children: 0 },
      { step: "probe", holds: { fact: "jobs", batch, state: "failed", min: 1 } },
      { step: "eventually-within", withinMs: 60_000, holds: { fact: "jobs", batch, state: "failed", min: 1 } },
      { step: "probe", holds: { fact: "broker", is: "up" } },
    ]);
    expect(ends()).toEqual([
      ...["start-broker done", "join not-applicable", "submit not-applicable"],
      ...["probe not-applicable", "eventually-within not-applicable", "probe done"],
    ]);
    expect(details().slice(1)).toEqual(Array.from({ length: 3 }, () => "guest did not join"));
  });

  it("is asked nothing where it was to begin to join, which is not applicable either", async () => {
    await play(sleeper, [
      { step: "begin-joining", agent: "guest", slots: 1, withinMs: 60_000 },
      { step: "pause", agent: "guest" },
      withdraws,
    ]);
    expect(ends()).toEqual(["begin-joining", "pause", "withdraw"].map((step) => `${step} not-applicable`));
    expect(details().slice(1)).toEqual(["guest did not join", "guest did not join"]);
  });

  it("goes under the load that it was to go under, where it takes work from the broker", async () => {
    const underLoad = "pressure";
    await play({ ...sleeper, usesBroker: true }, [
      { step: "start-broker" },
      joins,
      { ...withdraws, underLoad },
      { step: "probe", holds: { fact: "jobs", batch: underLoad, state: "queued", min: 1 } },
    ]);
    expect(ends().filter((line) => !line.endsWith(" done"))).toEqual([]);
  });

  it.each<[string, Partial<StepOf<"withdraw">>, string]>([
    ["under a load", { underLoad: "pressure" }, "under no load: sleeper takes no work from a broker"],
    ["asked twice", { asks: 2 }, "asked once: two commands of sleeper's adapter at once are its own affair"],
  ])("goes all the same where it was to go %s, and that is not told as done", async (_, asked, why) => {
    await play(sleeper, [joins, { ...withdraws, ...asked }]);
    expect(ends()).toEqual(["join done", "withdraw not-applicable"]);
    expect(details()).toEqual([expect.stringMatching(new RegExp(`^gone after .* processes; ${why}$`))]);
    expect(seen("witness.withdrawn")).toHaveLength(1);
    expect(ledger.open.filter(({ undo }) => undo === "run-command")).toEqual([]);
  });

  it("is handed no jobs before it is there", async () => {
    await play({ ...sleeper, submit: () => undefined }, [
      { step: "submit", batch: "work", jobs: 1, units: 1, unitCpuMs: 1, children: 0 },
    ]);
    expect(ends()).toEqual(["submit not-applicable"]);
    expect(details()).toEqual(["nobody has joined yet whom jobs could be handed to"]);
  });

  it("is asked as ever when it joins after all", async () => {
    await play(sleeper, [{ ...joins, autostart: true }, joins, { step: "pause", agent: "guest" }, withdraws]);
    expect(ends()).toEqual(["join not-applicable", "join done", "pause done", "withdraw done"]);
  });

  it("has its broker killed, and nothing said again to that, which is not applicable", async () => {
    const worker: AgentDefinition = { ...sleeper, usesBroker: true };
    await play(worker, [
      { step: "start-broker" },
      { step: "kill-broker", downMs: 1, replays: "guest" },
      { step: "probe", holds: { fact: "broker", is: "up" } },
    ]);
    expect(ends()).toEqual(["start-broker done", "kill-broker not-applicable", "probe done"]);
    expect(seen("fault.applied").map(({ fault }) => fault)).toEqual(["kill-broker"]);
    expect(details()).toEqual([
      expect.stringMatching(
        /^pid \d+ was killed; again at http:.*; nothing is said again: what sleeper signs, and with what, is its own affair$/,
      ),
    ]);
  });

  it("has no broker killed that it does not work for", async () => {
    await play(sleeper, [{ step: "kill-broker", downMs: 1, replays: "guest" }]);
    expect(ends()).toEqual(["kill-broker not-applicable"]);
    expect(details()).toEqual(["sleeper takes no work from a broker"]);
  });

  it.each<[string, Partial<AgentDefinition>, string]>([
    [
      "does not stand still",
      { pause: ["/bin/true"], standsWithinMs: 20 },
      "was asked to pause and its processes ran on",
    ],
    ["does not go on", { resume: ["/bin/false"] }, "sleeper could not resume: `/bin/false` ended with 1"],
  ])("fails the run when it %s", async (_, wrong, says) => {
    const steps: Step[] = [joins, { step: "pause", agent: "guest" }, { step: "resume", agent: "guest" }];
    await expect(play({ ...sleeper, ...wrong }, steps)).rejects.toThrow(says);
  });

  it("is seen to run while it should stand still", async () => {
    const wakes: AgentDefinition = { ...sleeper, pids: ({ home }) => [pidOf(home)] };
    await play(wakes, [joins, { step: "pause", agent: "guest" }]);
    process.kill(pidOf(join(stage.place, "guest")), "SIGCONT");
    await play(wakes, [{ step: "watch-frozen", agent: "guest", forMs: 1 }]);
    expect(seen("witness.frozen").map(({ running }) => running)).toEqual([1]);
  });

  it("is taken down by the undo ledger, if nobody else does", async () => {
    const undone = join(runs, "undone");
    await play({ ...sleeper, undo: ["/bin/sh", "-c", 'touch "$1-$2"', "sh", undone, "{name}"] }, [joins]);
    const pid = pidOf(join(stage.place, "guest"));
    expect(processStat(pid)?.command).toBe("sleep");
    expect(await ledger.undoAll()).toEqual([]);
    expect(["Z", undefined]).toContain(processStat(pid)?.state);
    expect([existsSync(stage.place), existsSync(`${undone}-guest`)]).toEqual([false, true]);
  });
});
