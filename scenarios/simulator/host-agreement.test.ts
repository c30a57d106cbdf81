import { describe, expect, test } from "vitest";

import { leftOnHost, strangeOnHost } from "./host-agreement.ts";
import { settledSimulation } from "./testing/settled-simulation.ts";
import type { Host } from "./world/host.ts";

const home = "/home/agent/.houseguest";
const directory = `directory:${home}/sandboxes/lease-1`;

/** What is found wrong of a host on which all work is done, after something was changed by hand. */
function foundAfter(change: (host: Host) => void): string[] {
  const { body } = settledSimulation();
  change(body.host);
  return [...strangeOnHost(body)];
}

test("a host on which all work is done holds what an idle agent needs", () => {
  expect(foundAfter(() => undefined)).toEqual([]);
});

describe("it is seen that a host", () => {
  test("keeps a thing that nobody needs, and that its ledger does not name", () => {
    expect(foundAfter((host) => host.make(directory))).toEqual([
      `keeps ${directory}`,
      `holds ${directory}, which its ledger does not name`,
    ]);
  });

  test("misses a thing that the agent needs", () => {
    const key = `key:${home}/key.pem`;
    expect(foundAfter((host) => host.remove(key))).toEqual([
      `misses ${key}`,
      `names ${key} in its ledger, which is not there`,
    ]);
  });

  test("keeps a working directory or checkpoints of a lease that is over", () => {
    expect(foundAfter((host) => host.makeWorkspace("lease-1", 0))).toEqual(["keeps the working directory of lease-1"]);
    expect(foundAfter((host) => host.keepCheckpoint("lease-1", 1, {} as never))).toEqual([
      "keeps checkpoints of lease-1",
    ]);
  });

  test("remembers what has no meaning any more, or does not remember what the next instance must know", () => {
    expect(foundAfter(({ journal }) => journal.remember("lease:lease-1", {}))).toEqual([
      "remembers lease:lease-1 for nothing",
    ]);
    expect(foundAfter(({ journal }) => journal.remember("pause", {}))).toEqual(["remembers pause for nothing"]);
    expect(foundAfter(({ journal }) => journal.remember("membership", null))).toEqual([
      "does not remember that it enrolled",
    ]);
  });
});

test("of an agent that has left nothing is there, but the home of one that was refused may be", () => {
  const { host } = settledSimulation().body;
  const left = [...leftOnHost(host, { mayKeepHome: false })];
  expect(left).toEqual([...host.things().map((thing) => `left ${thing}`), "left a ledger"]);
  expect([...leftOnHost(host, { mayKeepHome: true })]).toEqual([`left socket:${home}/control.sock`]);
});
