import { describe, expect, test } from "vitest";

import { explanationBy } from "./call-surfaces.ts";
import { changedPoints, type MountState, withTargets } from "./mount-changes.ts";
import type { Act } from "./recording.ts";

const mount = (id: number, point: string, parts: Partial<MountState> = {}): MountState => ({
  ...{ id, point, device: `0:${id}`, what: "tmpfs", options: "rw", superOptions: "rw", propagation: "" },
  ...parts,
});
const act = (by: number, more: Partial<Act> = {}): Act => ({
  ...{ by, call: "mount", parameters: { flags: "0x0" }, returned: 0, atMs: 0 },
  ...more,
});
const mounting = (by: number, flags: string): Act => act(by, { parameters: { flags } });
/** What each of some acts is told that it did, by the doer's serial. */
const told = (acts: readonly Act[], before: readonly MountState[], after: readonly MountState[]) =>
  withTargets(acts, changedPoints(before, after)).flatMap(({ by, parameters: { targets } }) =>
    targets === undefined ? [] : [[by, ...targets.split("\0")]],
  );

describe("what changed in the table of mounts", () => {
  const root = mount(1, "/");

  test("is what came, what went, what is otherwise, and both ends of what was moved", () => {
    const before = [root, mount(2, "/gone"), mount(3, "/kept"), mount(4, "/from")];
    const after = [root, mount(3, "/kept", { options: "ro" }), mount(4, "/to"), mount(5, "/came")];
    expect(Object.fromEntries(changedPoints(before, after))).toEqual({
      "/came": new Set(["came"]),
      "/from": new Set(["went"]),
      "/gone": new Set(["went"]),
      "/kept": new Set(["options"]),
      "/to": new Set(["came"]),
    });
    expect(changedPoints(after, after).size).toBe(0);
  });

  test("is told of the only act that can have done it", () => {
    const after = [root, mount(2, "/mnt/x"), mount(3, "/mnt/x/below")];
    const others = [act(2, { call: "shmget" }), act(3, { returned: -1 }), act(4, { apart: ["mnt"] })];
    const [first, ...rest] = withTargets([act(1), ...others], changedPoints([root], after));
    expect(rest).toEqual(others);
    expect(first?.parameters).toEqual({ flags: "0x0", targets: "/mnt/x\0/mnt/x/below" });
    const isNamed = (key: string) => explanationBy(first as Act, "mounts", key);
    expect([isNamed("/mnt/x"), isNamed("/mnt/x/below (2)"), isNamed("/mnt")]).toEqual(["names", "names", null]);
  });

  test("is told of none where two can have done it, or nothing changed", () => {
    const two = [act(1), act(2)];
    expect(told(two, [root], [root, mount(2, "/mnt/x")])).toEqual([]);
    expect(told([act(1)], [root], [root])).toEqual([]);
  });

  test("is told of who can have done that by the flags given, and not of others who mounted", () => {
    const came = [root, mount(2, "/mnt/x")];
    const [privately, remounting] = [mounting(2, "0x44000"), mounting(3, "0x20")];
    expect(told([act(1), privately, remounting], [root], came)).toEqual([[1, "/mnt/x"]]);
    expect(told([privately], [root], came)).toEqual([]);
    expect(told([act(1), act(4, { call: "umount2" })], came, [root])).toEqual([[4, "/mnt/x"]]);
    expect(told([act(1), privately], [root], [mount(1, "/", { propagation: "shared" })])).toEqual([[2, "/"]]);
    expect(told([mounting(1, "0xc0ed1000"), privately], [root], came)).toEqual([[1, "/mnt/x"]]);
  });

  test("is told of nobody who only mounted meanwhile where options were set by a file below /sys", () => {
    const set = [mount(1, "/", { superOptions: "rw,inode_readahead_blks=64" })];
    expect(told([act(1)], [root], set)).toEqual([]);
    expect(told([mounting(2, "0x44000")], [root], set)).toEqual([]);
    expect(told([act(1), mounting(3, "0x20")], [root], set)).toEqual([[3, "/"]]);
  });

  test("is told of who mounted once more what there is once only, and so set its options everywhere", () => {
    const [set, device] = ["rw,memory_recursiveprot", "0:1"];
    const after = [mount(1, "/", { superOptions: set }), mount(2, "/mnt/x", { superOptions: set, device })];
    const [privately, remounting] = [mounting(2, "0x44000"), mounting(3, "0x20")];
    expect(told([act(1), privately], [root], after)).toEqual([[1, "/", "/mnt/x"]]);
    // Either can have set them.
    expect(told([act(1), remounting], [root], after)).toEqual([[1, "/mnt/x"]]);
  });

  test("is told by the flags that the kernel looks at, whatever stands above these", () => {
    const set = [mount(1, "/", { options: "ro" })];
    expect(told([act(1), mounting(2, "0x8000000000000020")], [root], set)).toEqual([[2, "/"]]);
  });

  test("does not say of who went into another mount namespace that it was done here", () => {
    const one = act(1, { entered: ["mnt"], parameters: { flags: "0x0", targets: "/mnt/x" } });
    const how = (key: string) => explanationBy(one, "mounts", key);
    expect([how("mnt:[7] /inside"), how("mnt:[7] /mnt/x"), how("/mnt/x"), how("/other")]).toEqual([
      "kind",
      "names",
      "names",
      null,
    ]);
  });
});
