import { expect, it } from "vitest";

import { Lineage } from "../core/lineage.ts";
import { FileRecording } from "./file-recording.ts";

/** As Linux 6.18 wrote it of a file that was written to and closed. */
const written =
  "58000000030018000a01000000000000ffffffff2c4c00000200240047485661d73ea528080000000100000004e020004017d678610a62ff0000000001001c0047485661d73ea528080000000100000024e02000c79e0358";
const pidAt = 20;
const [ours, theirs, reused] = [10, 11, 20];

/** What the kernel would have written for this process. */
function eventOf(pid: number): Buffer {
  const event = Buffer.from(written, "hex");
  event.writeInt32LE(pid, pidAt);
  return event;
}

it("gives no event to who had the pid before all events had been read that waited then", () => {
  const lineage = new Lineage({ wallMs: (ns) => ns, processesMax: 1000, idleEndedMax: 100 });
  for (const pid of [ours, theirs]) lineage.wasThere(pid, null, 100);
  lineage.listedNs = 100;
  let waiting: Buffer = Buffer.alloc(0);
  let buffer: Buffer = Buffer.alloc(0);
  const retained = new Set<number>();
  lineage.retain = (serial) => void retained.add(serial);
  const recording = new FileRecording({
    group: { read: () => waiting.copy(buffer), errno: () => 0 } as unknown as ConstructorParameters<
      typeof FileRecording
    >[0]["group"],
    lineage,
    paths: { pathOf: () => null } as unknown as ConstructorParameters<typeof FileRecording>[0]["paths"],
    news: null,
    addressOf: (view) => {
      buffer = view;
      return 0;
    },
    touchesMax: 100,
    takingsMax: undefined,
    isOfRun: () => false,
  });
  const read = (pid: number, atNs: number) => {
    waiting = eventOf(pid);
    recording.read(atNs);
    recording.record({ ns: atNs, ms: atNs });
  };
  lineage.fork({ parent: ours, pid: reused, thread: reused, atNs: 110 });
  lineage.exit({ pid: reused, thread: reused, atNs: 120 });
  // Of whoever was there before nobody knows since when.
  read(theirs, 125);
  lineage.fork({ parent: theirs, pid: reused, thread: reused, atNs: 130 });
  read(reused, 140);
  expect(retained).toContain(lineage.serialAt(reused, 135));
  expect(retained).not.toContain(lineage.serialAt(reused, 115));
  expect(lineage.ambiguous).toBe(0);
});
