import { describe, expect, it } from "vitest";

import { catalog } from "../catalog/catalog.ts";
import { commandProbe } from "./command-probe.ts";
import { diagnose } from "./diagnose.ts";
import type { Probe, ProbeStatus } from "./probe.ts";
import { probeAll } from "./probe.ts";

const probe = (name: string, status: ProbeStatus): Probe => ({
  ...{ name, for: "something" },
  attempt: async () => ({ status, detail: `is ${status}` }),
  remedy: () => `apt install ${name}`,
});
const whole = ["linux", "node", "temporary-place", "disk-space", "loopback"].map((name) => probe(name, "ok"));
const [scenario] = catalog.filter(({ stages }) => stages.length === 2);
const question = {
  probes: whole,
  catalog: scenario === undefined ? [] : [scenario],
  faults: [],
  cannotRun: () => null,
};

describe("diagnose", () => {
  it("finds nothing missing where everything works", async () => {
    const { scenarios, stages } = await diagnose(question);
    expect([...scenarios, ...stages].flatMap(({ missing }) => missing)).toEqual([]);
    expect(scenarios.map(({ stage }) => stage)).toEqual(["host", "sim"]);
  });

  it("says of each scenario what its stage lacks, and what would bring it; another stage is not concerned", async () => {
    const { scenarios } = await diagnose({ ...question, probes: [...whole.slice(1), probe("linux", "no")] });
    expect(scenarios).toMatchObject([
      { stage: "host", missing: ["host (linux: is no)"], remedies: ["apt install linux"] },
      { stage: "sim", missing: [], remedies: [] },
    ]);
  });

  it("takes what works in part for enough", async () => {
    const { scenarios } = await diagnose({ ...question, probes: [...whole, probe("cgroup", "part")] });
    expect(scenarios.flatMap(({ missing }) => missing)).toEqual([]);
  });

  it("says that namespaces cannot be laid out where the network has none", async () => {
    const { stages } = await diagnose({ ...question, probes: [...whole, probe("network-namespace", "no")] });
    const lacking = stages.filter(({ missing }) => missing.length > 0);
    expect(lacking).toMatchObject([{ name: "netns", remedies: ["apt install network-namespace"] }]);
  });

  it("says which faults are not possible, and the remedy", async () => {
    const missing = { why: "There is no redis-server.", remedy: "apt install redis-server" };
    const { faults } = await diagnose({ ...question, faults: [{ kind: "pause-store", missing }] });
    expect(faults).toMatchObject([{ name: "pause-store", remedies: ["apt install redis-server"] }]);
  });
});

it("says what a scenario itself lacks, on its stage alone", async () => {
  const cannotRun = (_: unknown, stage: string) =>
    stage === "sim" ? null : { why: "There is no moon.", remedy: "apt install moon" };
  const { scenarios } = await diagnose({ ...question, cannotRun });
  expect(scenarios).toMatchObject([
    { missing: ["There is no moon."], remedies: ["apt install moon"] },
    { missing: [] },
  ]);
});

describe("a probe by a command", () => {
  const tried = async (...command: [string, ...string[]]) => {
    const texts = { for: "a test", install: "apt install it", otherwise: "run it as root" };
    const [probed] = await probeAll([commandProbe({ name: "it", ...texts, command })]);
    return probed;
  };

  it("works when the command does, and shows what it said", async () => {
    expect(await tried("echo", "version 1")).toMatchObject({ status: "ok", detail: "version 1", remedy: "" });
  });

  it("names the package where the program is not there, also behind another program", async () => {
    const missing = { status: "no", remedy: "apt install it", detail: "no-such-program is not installed" };
    expect(await tried("no-such-program")).toMatchObject(missing);
    expect(await tried("unshare", "no-such-program")).toMatchObject(missing);
    expect(await tried("/bin/sh", "-c", "exec env no-such-program")).toMatchObject({
      ...missing,
      detail: "no-such-program is not installed",
    });
  });

  it("says what else would help where it is there and fails", async () => {
    const failing = await tried("/bin/sh", "-c", "echo Operation not permitted >&2; exit 1");
    expect(failing).toMatchObject({ status: "no", detail: "Operation not permitted", remedy: "run it as root" });
  });

  it("does not work where trying it breaks", async () => {
    const [probed] = await probeAll([{ ...probe("it", "ok"), attempt: () => Promise.reject(new Error("broken")) }]);
    expect(probed).toMatchObject({ status: "no", detail: "Error: broken", remedy: "apt install it" });
  });
});
