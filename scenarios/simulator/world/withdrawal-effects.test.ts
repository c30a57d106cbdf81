import { describe, expect, test } from "vitest";

import type { AgentInput } from "../../../agent/core/input.ts";
import { SmallHost } from "../testing/small-host.ts";
import { runPlan, smallPlan, submit } from "../testing/small-plan.ts";
import type { AgentProcess } from "./agent-process.ts";
import { WithdrawalEffects } from "./withdrawal-effects.ts";

const home = "/home/agent/.houseguest";
const directory = (path: string): string => `directory:${home}${path}`;

/** A host with a home in which an agent has worked, and the last effects of its withdrawal. */
function scene(draws: number[] = [], wipeMs = 1_000) {
  const { small, host } = new SmallHost({ "host:0": draws });
  const seen: AgentInput[] = [];
  const { journal } = host;
  const stream = { shut: () => undefined };
  const release = (resource: string): void => {
    if (journal.holds(resource)) journal.release(resource);
  };
  const unmake = (resource: string): void => {
    host.remove(resource);
    release(resource);
  };
  const process = {
    ...{ host, home, stream, ledger: { release, unmake } },
    see: (input: AgentInput) => seen.push(input),
    whenDone: (delayMs: number, happens: () => void) => small.at(small.nowMs + delayMs, happens),
  };
  const effects = new WithdrawalEffects(process as unknown as AgentProcess);
  const perform = (kind: "closeSockets" | "wipeHome" | "clearLedger", keep = false): AgentInput | undefined => {
    if (kind === "clearLedger") effects.perform({ kind, keep });
    else if (kind === "wipeHome") effects.perform({ kind, deadlineMs: wipeMs });
    else effects.perform({ kind });
    small.passUntil(small.nowMs + 1_000);
    return seen.at(-1);
  };
  for (const path of ["", "/sandboxes/one", "/checkpoints/one"]) {
    journal.acquire(directory(path));
    host.make(directory(path));
  }
  for (const resource of [`key:${home}/key.pem`, `socket:${home}/control.sock`]) {
    journal.acquire(resource);
    host.make(resource);
  }
  return { small, host, journal, perform };
}

describe("the last steps of a withdrawal", () => {
  test("take away the socket, then the directories and the key, then the ledger and the home", () => {
    const { host, journal, perform } = scene();
    expect(perform("closeSockets")).toEqual({ type: "socketsClosed", left: [], measured: "0 sockets are bound" });
    const wiped = [directory("/checkpoints/one"), directory("/sandboxes/one"), `key:${home}/key.pem`];
    expect(perform("wipeHome")).toEqual({ type: "homeWiped", wiped, left: [] });
    expect(host.things()).toEqual([directory("")]);
    const cleared = { type: "ledgerCleared", entriesLeft: 0, wiped: [directory("")], directoriesLeft: [] };
    expect(perform("clearLedger")).toEqual(cleared);
    expect([host.things(), [...journal.resources]]).toEqual([[], []]);
  });

  test("name the directories that there was no time to wipe; the key goes all the same", () => {
    const { host, perform } = scene([40], 20);
    const left = [directory("/checkpoints/one"), directory("/sandboxes/one")];
    expect(perform("wipeHome")).toEqual({ type: "homeWiped", wiped: [`key:${home}/key.pem`], left });
    expect(host.things()).toEqual([directory(""), ...left, `socket:${home}/control.sock`]);
  });

  test("name a socket that is still bound", () => {
    const { host, perform } = scene();
    host.make(`socket:${home}/other.sock`);
    const left = [`socket:${home}/other.sock`];
    expect(perform("closeSockets")).toEqual({ type: "socketsClosed", left, measured: "1 sockets are bound" });
  });

  test("strike off what was journalled and never made", () => {
    const { journal, perform } = scene();
    journal.acquire(directory("/sandboxes/never-made"));
    perform("wipeHome");
    expect([...journal.resources].sort()).toEqual([directory(""), `socket:${home}/control.sock`]);
  });

  test.each<[string, boolean, string | null]>([
    ["is to be kept", true, null],
    ["still holds something", false, "processes:one"],
  ])("leave a ledger that %s, and the home with it", (_, keep, held) => {
    const { host, journal, perform } = scene();
    perform("closeSockets");
    perform("wipeHome");
    if (held !== null) journal.acquire(held);
    const entriesLeft = held === null ? 1 : 2;
    expect(perform("clearLedger", keep)).toEqual({
      type: "ledgerCleared",
      entriesLeft,
      wiped: [],
      directoriesLeft: [],
    });
    expect([host.things(), journal.resources.size]).toEqual([[directory("")], entriesLeft]);
  });
});

describe("a withdrawal as a whole", () => {
  const withdraw = { atMs: 5_000, do: "withdraw", agent: 0, deadlineMs: 4_000 } as const;

  test("leaves nothing of a good job, and its report says so", () => {
    const { outcome, records } = runPlan(smallPlan([submit(1_000), withdraw], { safetyMs: 15_000 }));
    expect(outcome.failure).toBeNull();
    expect(records.find(({ type }) => type === "witness.left")?.data).toMatchObject({ resources: [], crontabLines: 0 });
  });

  test("names the process that it could not kill, and what lies under it", () => {
    const stuck = submit(1_000, { onTerm: "unkillable", units: 1_000 });
    const { records } = runPlan(smallPlan([stuck, withdraw], { safetyMs: 15_000 }));
    const reported = records.find((record) => record.type === "agent.withdrawal");
    expect(reported?.data).toMatchObject({ report: { processesLeft: [{ command: "simulated-job" }] } });
    const left = records.find((record) => record.type === "witness.left")?.data.resources ?? [];
    expect(left.some((resource) => resource.startsWith("processes:"))).toBe(true);
  });
});
