import { describe, expect, it } from "vitest";

import { fileEventMask } from "../core/file-events.ts";
import { Lineage } from "../core/lineage.ts";
import { FileRecording } from "./file-recording.ts";

/** A directory's file system and handle, as Linux 6.18 wrote them for one on ext4. */
const directoryKey = "47485661d73ea528080000000100000004e020004017d678";

/** An event of fanotify(7) on a file of that directory. */
function event(pid: number, mask: number, name = "a"): Buffer {
  const bytes = Buffer.alloc(56);
  bytes.writeUInt32LE(56, 0);
  bytes.set([3, 0, 24, 0], 4);
  bytes.writeUInt32LE(mask, 8);
  bytes.writeInt32LE(-1, 16);
  bytes.writeInt32LE(pid, 20);
  bytes.write(`02002000${directoryKey}`, 24, "hex");
  bytes.write(name, 52, "latin1");
  return bytes;
}

/** Processes 30 and 31, which come from others; times in ns. */
function recording(madeNs: number | null = null) {
  const lineage = new Lineage({ wallMs: (ns) => ns, processesMax: 100, idleEndedMax: 100 });
  for (const pid of [10, 11]) lineage.wasThere(pid, null, 0);
  lineage.listedNs = 0;
  for (const parent of [10, 11]) lineage.fork({ parent, pid: parent + 20, thread: parent + 20, atNs: 50 });
  let buffer: Buffer = Buffer.alloc(0);
  let waiting: Buffer = Buffer.alloc(0);
  const files = new FileRecording({
    group: { read: () => waiting.copy(buffer), errno: () => 0, refused: new Map(), later: new Map() },
    paths: { pathOf: () => "/d", forget: () => undefined },
    ...{ lineage, news: null, touchesMax: 100, takingsMax: undefined, isOfRun: () => false },
    bornNs: (path) => (path === "/d/a" ? madeNs : null),
    addressOf: (view) => {
      buffer = view;
      return 0;
    },
  });
  return {
    lineage,
    /** Process 20 of a parent. */
    lives: (parent: number, [fromNs, toNs]: readonly [number, number]) => {
      lineage.fork({ parent, pid: 20, thread: 20, atNs: fromNs });
      lineage.exit({ pid: 20, thread: 20, atNs: toNs });
    },
    read: (atNs: number, ...events: Buffer[]) => {
      waiting = Buffer.concat(events);
      files.read(atNs);
    },
    record: (ns: number) => files.record({ ns, ms: 0 }),
    /** Pids of those who forked whoever touched the file. */
    writers: () => {
      const processes = lineage.processes();
      const touches = files.table.of(Buffer.from(directoryKey, "hex").toString("latin1"), "a");
      return touches.map(({ by }) => processes.get(processes.get(by)?.parent ?? -1)?.pid);
    },
  };
}

const write = event(20, fileEventMask.modified);
const elsewhere = event(30, fileEventMask.modified, "b");

describe("who touched a file, of two who had a pid one after the other", () => {
  it("is who ran after the reading that found no more", () => {
    const { lives, read, record, writers, lineage } = recording();
    lives(30, [100, 110]);
    read(120, elsewhere);
    lives(31, [130, 140]);
    record(145);
    read(150, write);
    record(155);
    expect(writers()).toEqual([31]);
    expect(lineage.ambiguous).toBe(0);
  });

  it("is doubtful where the reading that found no more told of it itself", () => {
    const { lives, read, record, writers, lineage } = recording();
    lives(30, [100, 110]);
    lives(31, [130, 140]);
    read(150, write);
    record(155);
    expect(writers()).toEqual([30]);
    expect(lineage.ambiguous).toBe(1);
  });

  it("is asked anew for the next event, where somebody else got the pid since", () => {
    const { lives, read, record, writers, lineage } = recording();
    lives(30, [100, 110]);
    lineage.fork({ parent: 31, pid: 20, thread: 20, atNs: 130 });
    lineage.exec(20, 135);
    read(150, write, event(20, fileEventMask.openedToRun, "b"), write);
    record(155);
    expect(writers()).toEqual([30, 31]);
  });

  it("is who ran when the file was made", () => {
    const { lives, read, record, writers, lineage } = recording(135);
    lives(30, [100, 110]);
    lives(31, [130, 140]);
    read(150, event(20, fileEventMask.created), write);
    record(155);
    expect(writers()).toEqual([31]);
    expect(lineage.ambiguous).toBe(0);
  });
});
