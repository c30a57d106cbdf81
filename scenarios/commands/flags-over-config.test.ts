import { describe, expect, it } from "vitest";

import { completeFlags, withFlags } from "./flags-over-config.ts";

const folder = "/etc/house";
const complete = (given: object, config: object, words: readonly string[] = []) =>
  completeFlags(given, { config, folder }, words);

describe("completeFlags", () => {
  it("has a value for what must have one", () => {
    expect(complete({}, {})).toEqual({ repeatEach: 1, retries: 0, output: ".scenarios" });
  });

  it("takes the configuration's, unless the command line says otherwise", () => {
    const config = {
      repeatEach: 3,
      retries: 2,
      workers: 4,
      stage: "sim",
      shard: "2/5",
      reporter: "list",
      output: "out",
    };
    expect(complete({ retries: 0, stage: "host" }, config)).toEqual({
      ...{ repeatEach: 3, retries: 0, workers: 4, stage: "host", shard: { index: 2, total: 5 } },
      ...{ reporter: ["list"], output: "/etc/house/out" },
    });
  });

  it("leaves out what the configuration narrows, where scenarios are named", () => {
    const config = { all: true, grep: "@pause", lastFailed: true };
    expect(complete({}, config)).toMatchObject(config);
    for (const flags of [complete({}, config, ["soak"]), complete({ grep: "x" }, config)]) {
      expect([flags.all, flags.lastFailed]).toEqual([undefined, undefined]);
    }
  });

  it("refuses what the command line would not take either", () => {
    expect(() => complete({}, { shard: "5/2" })).toThrow(/The configuration's shard is "5\/2". It must be K\/N/);
  });
});

describe("withFlags", () => {
  const flags = complete({}, {});
  it.each([
    ["of a time in words", { timeout: "2m" }, { deadlineS: 120 }],
    ["of seconds", { timeout: 7 }, { deadlineS: 7 }],
    [
      "of a store",
      { store: "sqlite" as const, broker: { command: ["b"] } },
      { broker: { command: ["b"], store: "sqlite" } },
    ],
  ])("gives a run the setting %s", (_, config, expected) => {
    expect(withFlags(config, flags)).toMatchObject(expected);
  });

  it("lets the command line win", () => {
    expect(withFlags({ timeout: "2m", store: "sqlite" }, { ...flags, timeout: 5, store: "memory" })).toMatchObject({
      ...{ deadlineS: 5, broker: { store: "memory" } },
    });
  });
});
