import { describe, expect, it } from "vitest";

import { FileEventCursor, fileEventMask, type NamePlace } from "./file-events.ts";

/** As Linux 6.18 wrote them for a process 19500 that worked on ext4; the directory has the first handle. */
const recorded = {
  mkdir:
    "54000000030018000001004000000000ffffffff2c4c00000200200047485661d73ea528080000000100000004e020004017d6787375620001001c0047485661d73ea528080000000100000012e02000a2f70a58",
  write:
    "58000000030018000a01000000000000ffffffff2c4c00000200240047485661d73ea528080000000100000004e020004017d678610a62ff0000000001001c0047485661d73ea528080000000100000024e02000c79e0358",
  chmodOfItself:
    "38000000030018000400004000000000ffffffff2c4c00000200200047485661d73ea528080000000100000004e020004017d6782e000000",
};
const directoryKey = "47485661d73ea528080000000100000004e020004017d678";
/** Written after fanotify(7): the recorded group asked for one directory, which tells of no other's names. */
const rename = [
  "8000000003001800000000100000000000000000ffffffff2c4c0000".slice(0, 32),
  "ffffffff2c4c0000",
  `0a002000${directoryKey}6f6c6400`,
  "0c00200047485661d73ea528080000000100000012e02000a2f70a586e657700",
].join("");

function bytesOf(...events: string[]): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(events.join(""), "hex"));
  return bytes;
}

function walk(bytes: Uint8Array, length = bytes.length) {
  const cursor = new FileEventCursor(bytes);
  const text = ({ directoryEnd, directoryStart, nameStart, nameEnd }: NamePlace) =>
    directoryEnd === 0
      ? null
      : {
          key: Buffer.from(bytes.subarray(directoryStart, directoryEnd)).toString("hex"),
          name: Buffer.from(bytes.subarray(nameStart, nameEnd)).toString("latin1"),
        };
  const seen: { mask: number; pid: number; at: unknown; from: unknown; target: unknown }[] = [];
  cursor.rewind(length);
  while (cursor.advance())
    seen.push({
      mask: cursor.mask,
      pid: cursor.pid,
      at: text(cursor.at),
      from: text(cursor.from),
      target: text(cursor.target),
    });
  return seen;
}

describe("the kernel's file events", () => {
  it("are walked one after the other, with what each one names", () => {
    const [mkdir, write, chmod, ...more] = walk(bytesOf(recorded.mkdir, recorded.write, recorded.chmodOfItself));
    expect(mkdir).toEqual({
      mask: fileEventMask.created + fileEventMask.onDirectory,
      pid: 19500,
      at: { key: directoryKey, name: "sub" },
      from: null,
      target: { key: "47485661d73ea528080000000100000012e02000a2f70a58", name: "" },
    });
    expect(write).toMatchObject({
      mask: fileEventMask.created + fileEventMask.modified + fileEventMask.closedAfterWriting,
      at: { key: directoryKey, name: "a\nb\xff" },
    });
    expect(chmod).toMatchObject({ at: { key: directoryKey, name: "." }, target: null });
    expect(more).toEqual([]);
  });

  it("of a rename name the old place and the new one", () => {
    const length = (rename.length / 2).toString(16).padStart(2, "0");
    const [event] = walk(bytesOf(length + rename.slice(2)));
    expect(event).toMatchObject({
      mask: fileEventMask.renamed,
      from: { key: directoryKey, name: "old" },
      at: { key: "47485661d73ea528080000000100000012e02000a2f70a58", name: "new" },
    });
  });

  it("of an overflow name nothing", () => {
    const overflow = "18000000030018000040000000000000ffffffff00000000";
    expect(walk(bytesOf(overflow))).toEqual([
      { mask: fileEventMask.overflow, pid: 0, at: null, from: null, target: null },
    ]);
  });

  it("are not read beyond what the kernel wrote", () => {
    const bytes = bytesOf(recorded.mkdir, recorded.write);
    expect(walk(bytes, recorded.mkdir.length / 2)).toHaveLength(1);
  });

  it.each([
    ["cut off in the middle", bytesOf(recorded.mkdir.slice(0, 100))],
    ["cut off in the first fields", bytesOf(recorded.mkdir.slice(0, 20))],
    ["of another version", bytesOf(recorded.mkdir.replace("540000000300", "540000000400"))],
    ["of length 0", bytesOf(`00${recorded.mkdir.slice(2)}`)],
    ["with a record of length 0", bytesOf(recorded.mkdir.replace("02002000", "02000000"))],
    ["with a handle longer than its record", bytesOf(recorded.mkdir.replace("a52808", "a52880"))],
  ])("are refused when they are %s", (_, bytes) => {
    expect(() => walk(bytes)).toThrow(RangeError);
  });
});
