import { describe, expect, test } from "vitest";

import { explanationBy } from "./call-surfaces.ts";
import { changedPoints, type MountState, withTargets } from "./mount-changes.ts";
import type { Act } from "./recording.ts";

const mount = (id: number, point: string, state = "rw"): MountState => ({ id, point, state });
const act = (by: number, more: Partial<Act> = {}): Act => ({
  ...{ by, call: "mount", parameters: { flags: "0x0" }, returned: 0, atMs: 0 },
  ...more,
});

describe("what changed in the table of mounts", () => {
  test("is what came, what went, what is otherwise, and both ends of what was moved", () => {
    const before = [mount(1, "/"), mount(2, "/gone"), mount(3, "/kept", "rw"), mount(4, "/from")];
    const after = [mount(1, "/"), mount(3, "/kept", "ro"), mount(4, "/to"), mount(5, "/came")];
    expect(changedPoints(before, after).sort()).toEqual(["/came", "/from", "/gone", "/kept", "/to"]);
    expect(changedPoints(after, after)).toEqual([]);
  });

  test("is told of the only act that can have done it", () => {
    const others = [act(2, { call: "shmget" }), act(3, { returned: -1 }), act(4, { apart: ["mnt"] })];
    const [told, ...rest] = withTargets([act(1), ...others], ["/mnt/x", "/mnt/x/below"]);
    expect(rest).toEqual(others);
    expect(told?.parameters).toEqual({ flags: "0x0", targets: "/mnt/x\0/mnt/x/below" });
    const isNamed = (key: string) => explanationBy(told as Act, "mounts", key);
    expect([isNamed("/mnt/x"), isNamed("/mnt/x/below (2)"), isNamed("/mnt")]).toEqual(["names", "names", null]);
  });

  test("is told of none where two can have done it, or nothing changed", () => {
    const two = [act(1), act(2)];
    expect(withTargets(two, ["/mnt/x"])).toEqual(two);
    expect(withTargets([act(1)], [])).toEqual([act(1)]);
  });
});
