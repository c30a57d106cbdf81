import { describe, expect, it } from "vitest";

import { compare, excusedBy, foreign, job, whose } from "../testing/recorded-comparison.ts";
import { act, recordedProcess } from "../testing/recording-fixture.ts";
import { listedFixture } from "../testing/snapshot-fixture.ts";
import type { Act } from "./recording.ts";

const fact = (key: string) => listedFixture({ key });
const route = { parameters: { family: "AF_NETLINK", protocol: "NETLINK_ROUTE" }, returned: 3 };

describe("whose an interface is in a network namespace of others that was there before", () => {
  const after = { listed: { network: [fact("net:[7] interface veth7")] } };
  const whoseIs = (acts: readonly Act[], commandLine = "program") =>
    whose(compare({}, after, { came: [recordedProcess({ serial: 9, parent: 4, commandLine })], acts }));

  it("is not surely the job's that only had a socket elsewhere: somebody there may have made it", () => {
    expect(whoseIs([act(job, "socket", route)])).toEqual([["net:[7] interface veth7", "shared"]]);
    const there = act(foreign, "socket", { ...route, apart: ["net"] });
    expect(whoseIs([act(job, "socket", route), there])).toEqual([["net:[7] interface veth7", "shared"]]);
  });

  it("is the job's that names it, or had gone there", () => {
    expect(whoseIs([act(9, "socket", route)], "ip link set veth7 netns y")).toEqual([
      ["net:[7] interface veth7", "job"],
    ]);
    expect(whoseIs([act(job, "socket", { ...route, entered: ["net"] })])).toEqual([["net:[7] interface veth7", "job"]]);
  });

  it("is not the job's that was in a namespace that it made itself", () => {
    expect(whoseIs([act(job, "socket", { ...route, apart: ["net"] })])).toEqual([
      ["net:[7] interface veth7", "unknown"],
    ]);
  });

  it("is somebody else's where nobody of the run had a socket", () => {
    const report = compare({}, after, { acts: [act(foreign, "socket", route)] });
    expect([report.verdict, excusedBy(report)]).toEqual(["clean", ["foreign-process"]]);
  });
});

describe("what the job does in a namespace that somebody else made meanwhile", () => {
  const made = (by: number, parts: Partial<Act> = {}): Act =>
    act(by, "mount", { parameters: { targets: "/run/x" }, returned: 0, ...parts });
  const pinned = listedFixture({ key: "mnt:[7]", location: "/pins/a" });
  const after = {
    listed: {
      mounts: [fact("/pins/a"), fact("mnt:[7] /mnt/x"), fact("mnt:[7] /proc")],
      namespaces: [pinned],
    },
  };
  const pin = act(foreign, "mount", { parameters: { targets: "/pins/a" }, returned: 0 });

  it("is not excused with the namespace", () => {
    const there = made(job, { parameters: { targets: "/mnt/x" }, entered: ["mnt"] });
    const report = compare({}, after, { acts: [pin, there] });
    expect(whose(report)).toEqual([["mnt:[7] /mnt/x", "job"]]);
    expect(excusedBy(report)).toEqual(expect.arrayContaining(["told-with-namespace", "foreign-process"]));
  });

  it("is no more than what it names: what came with the namespace is no doing of who only went there", () => {
    const unnamed = act(job, "mount", { entered: ["mnt"] });
    expect(whose(compare({}, after, { acts: [pin, unnamed] }))).toEqual([]);
    const inItsOwn = made(job, { parameters: { targets: "/mnt/x" }, apart: ["mnt"] });
    expect(whose(compare({}, after, { acts: [pin, inItsOwn] }))).toEqual([]);
  });

  it("is told with the namespace where that is reported", () => {
    const own = act(job, "mount", { parameters: { targets: "/pins/a" }, returned: 0 });
    const there = made(job, { parameters: { targets: "/mnt/x" }, entered: ["mnt"] });
    const report = compare({}, after, { acts: [own, there] });
    expect(whose(report).map(([location]) => location)).toEqual(["/pins/a", "/pins/a"]);
  });
});

describe("whose a mount is in a mount namespace of others that was there before", () => {
  const after = { listed: { mounts: [fact("mnt:[7] /inside")] } };
  const container = act(foreign, "mount", { parameters: { flags: "0x44000" }, apart: ["mnt"] });

  it("is the job's that went there, whatever changed here in the same moment", () => {
    const commandLine = "mount -t tmpfs x mnt:[7] /inside";
    const came = [recordedProcess({ serial: 9, parent: 4, commandLine })];
    const there = act(9, "mount", { parameters: { flags: "0x0", targets: "/" }, entered: ["mnt"] });
    expect(whose(compare({}, after, { came, acts: [container, there] }))).toEqual([["mnt:[7] /inside", "job"]]);
    const unnamed = act(job, "mount", { parameters: { flags: "0x0", targets: "/" }, entered: ["mnt"] });
    expect(whose(compare({}, after, { acts: [container, unnamed] }))).toEqual([["mnt:[7] /inside", "shared"]]);
  });
});
