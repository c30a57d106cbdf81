import { describe, expect, it } from "vitest";

import { compare, files, foreign, job, whose } from "../testing/recorded-comparison.ts";
import { act, recordedProcess, touch } from "../testing/recording-fixture.ts";
import { listedFixture } from "../testing/snapshot-fixture.ts";

describe("whose a file is that nobody was seen to touch under its name", () => {
  it("is told of what is seen under the same names since one directory is in another's place", () => {
    const directory = { name: "d", mode: 0o040755 };
    const before = files({ "/": [{ ...directory, ino: 1 }], "/d": [{ name: "x", ino: 2 }, "old"] });
    const after = files({ "/": [{ ...directory, ino: 3 }], "/d": [{ name: "x", ino: 4 }, "new"] });
    const moved = (by: number) => ({ touches: { "/d": [touch(by, ["moved-from", "moved-to"])] } });
    expect(whose(compare(before, after, moved(job)))).toEqual([
      ["/d", "job"],
      ["/d/new", "job"],
      ["/d/old", "job"],
      ["/d/x", "job"],
    ]);
    expect(compare(before, after, moved(foreign)).verdict).toBe("clean");
    expect(whose(compare(before, after, { touches: { "/d": [touch(foreign, ["modified"])] } }))).toHaveLength(4);
  });

  it("takes it from what lies on an image who changed the image", () => {
    const listed = {
      storage: [listedFixture({ key: "loop0", location: "/dev/loop0", attributes: { backing: "/d/image" } })],
      mounts: [listedFixture({ key: "/mnt", attributes: { source: "/dev/loop0" } })],
    };
    const image = { name: "image", size: 4 };
    const top = { name: "mnt", mode: 0o040755 };
    const before = { listed, ...files({ "/": [top], "/d": [image], "/mnt": [] }) };
    const now = files({ "/": [{ ...top, changed: 1 }], "/d": [{ ...image, changed: 1 }], "/mnt": ["x"] });
    const after = { listed, ...now };
    const put = (by: number) => ({
      touches: { "/mnt/x": [touch(by, ["created"])], "/mnt": [touch(by, ["modified"])] },
    });
    expect(whose(compare(before, after, put(job)))).toEqual([
      ["/d/image", "job"],
      ["/mnt/x", "job"],
    ]);
    expect(compare(before, after, put(foreign)).verdict).toBe("clean");
    const written = { touches: { ...put(foreign).touches, "/dev/loop0": [touch(job, ["modified"])] } };
    expect(whose(compare(before, after, written))).toEqual([["/d/image", "shared"]]);
    // The device came with the run, so nobody knows what was on it.
    expect(whose(compare({ ...before, listed: {} }, after, put(foreign)))).toContainEqual(["/d/image", "unknown"]);
  });

  it("asks of two images that lie on each other once", () => {
    const device = (number: number, image: string) =>
      listedFixture({ key: `loop${number}`, location: `/dev/loop${number}`, attributes: { backing: image } });
    const mounted = (point: string, number: number) =>
      listedFixture({ key: point, location: point, attributes: { source: `/dev/loop${number}` } });
    const listed = {
      storage: [device(1, "/a/one"), device(2, "/b/two")],
      mounts: [mounted("/b", 1), mounted("/a", 2)],
    };
    const images = (changed: number) =>
      files({ "/a": [{ name: "one", size: 4, changed }], "/b": [{ name: "two", size: 4, changed }] });
    const report = compare({ listed, ...images(0) }, { listed, ...images(1) }, {});
    expect(whose(report).map(([path]) => path)).toEqual(["/a/one", "/b/two"]);
  });

  it("is told of a file by who wrote to it under another name", () => {
    const linked = (size: number) =>
      files({ "/d": [{ name: "x", ino: 5, links: 2, size }], "/e": [{ name: "y", ino: 5, links: 2, size }] });
    const wrote = (by: number) => ({ touches: { "/e/y": [touch(by, ["modified"])] } });
    expect(whose(compare(linked(0), linked(4), wrote(job)))).toEqual([
      ["/d/x", "job"],
      ["/e/y", "job"],
    ]);
    expect(compare(linked(0), linked(4), wrote(foreign)).verdict).toBe("clean");
  });

  it("is told of a file by who gave it another name and took one away", () => {
    const named = (other: string, changed: number) =>
      files({ "/d": [{ name: "x", ino: 5, links: 2, changed }], "/e": [{ name: other, ino: 5, links: 2, changed }] });
    const linked = (by: number) => ({
      touches: { "/e/y": [touch(by, ["deleted"])], "/e/z": [touch(by, ["created"])] },
    });
    expect(new Set(whose(compare(named("y", 0), named("z", 1), linked(job))).map(([, to]) => to))).toEqual(
      new Set(["job"]),
    );
    expect(compare(named("y", 0), named("z", 1), linked(foreign)).verdict).toBe("clean");
  });

  it("asks who put a loop device into a file to which only the kernel's threads wrote", () => {
    const kthreadd = recordedProcess({ serial: 30, pid: 2, parent: null, isOlder: true, executable: null });
    const thread = recordedProcess({ serial: 31, parent: 30, executable: null });
    const mount = (serial: number, parent: number, image: string) =>
      recordedProcess({ serial, parent, commandLine: `mount -o loop ${image} /mnt` });
    const came = [kthreadd, thread, mount(40, job, "/d/x"), mount(50, foreign, "/d/y")];
    const changed = { size: 4, changed: 1 };
    const [before, after] = [
      files({ "/d": ["x", "y"] }),
      files({ "/d": ["x", "y"].map((name) => ({ name, ...changed })) }),
    ];
    const touches = { "/d/x": [touch(31, ["modified"])], "/d/y": [touch(31, ["modified"])] };
    const attach = { parameters: { command: "LOOP_CONFIGURE" }, returned: null };
    const acts = [act(40, "ioctl", attach), act(50, "ioctl", attach)];
    expect(whose(compare(before, after, { came, touches, acts }))).toEqual([["/d/x", "job"]]);
  });

  it("tells by the time of each call who set which file's flags", () => {
    const flagged = (name: string, changed: number) => ({ name, flags: 0x10, changed });
    const [before, after] = [files({ "/d": ["x", "y"] }), files({ "/d": [flagged("x", 1), flagged("y", 2)] })];
    const set = { parameters: { command: "FS_IOC_SETFLAGS" }, returned: null };
    const acts = [act(foreign, "ioctl", { ...set, atMs: 1_000 }), act(job, "ioctl", { ...set, atMs: 2_000 })];
    expect(whose(compare(before, after, { acts }))).toEqual([["/d/y", "job"]]);
  });
});
