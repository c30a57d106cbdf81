import { describe, expect, it } from "vitest";

import { parseProcessMessage, SequenceGaps } from "./process-events.ts";

/** As Linux 6.18 sent them: 19500 forks 19507, which runs a program; its child 19508 runs one and ends. */
const recorded = {
  acknowledgement:
    "4c00000003000000065100000000000001000000010000000651000001000000280000000000000003000000124b6fa54e030000000000000000000000000000000000000000000000000000",
  fork: "4c000000030000000751000000000000010000000100000007510000000000002800000001000000030000005fa5a6a54e0300002c4c00002c4c0000334c0000334c00000000000000000000",
  exec: "4c00000003000000de510000000000000100000001000000de510000000000002800000002000000020000005d99b4a54e030000334c0000334c000000000000000000000000000000000000",
  exit: "4c000000030000000951000000000000010000000100000009510000000000002800000000000080030000009c71c7a54e030000344c0000344c00000000000011000000334c0000334c0000",
};

function parse(hex: string) {
  const bytes = new Uint8Array(Buffer.from(`ffff${hex}`, "hex"));
  return parseProcessMessage(new DataView(bytes.buffer), 2, bytes.length - 2);
}

describe("the kernel's process events", () => {
  it("tell who forked whom, on which processor, as the how-manyeth, and when", () => {
    expect(parse(recorded.fork)).toEqual({
      cpu: 3,
      sequence: 0x5107,
      event: { kind: "fork", parent: 19500, pid: 19507, thread: 19507, atNs: 0x34ea5a6a55f },
    });
    expect(parse(recorded.exec)).toMatchObject({ cpu: 2, event: { kind: "exec", pid: 19507 } });
    expect(parse(recorded.exit)).toMatchObject({
      cpu: 3,
      event: { kind: "exit", pid: 19508, thread: 19508, dumped: false },
    });
  });

  it("tell of an end that left a dump of the memory", () => {
    const crash = parse(recorded.exit.replace("344c0000344c000000000000", "344c0000344c00008b000000"));
    expect(crash?.event).toMatchObject({ kind: "exit", pid: 19508, dumped: true });
  });

  it("tell a thread from a process", () => {
    const thread = parse(recorded.fork.replace("334c0000334c0000", "344c0000334c0000"));
    expect(thread?.event).toMatchObject({ kind: "fork", pid: 19507, thread: 19508 });
  });

  it("answer whoever began to listen, in the same rows", () => {
    expect(parse(recorded.acknowledgement)).toEqual({
      cpu: 3,
      sequence: 0x5106,
      event: { kind: "acknowledged", question: 0, errno: 0 },
    });
  });

  it("tell who attached to whom, and that it let go", () => {
    const traced = recorded.exec.replace("280000000200000002000000", "280000000001000002000000");
    const attached = traced.replace("334c0000334c00000000000000000000", "344c0000334c00002d4c00002c4c0000");
    expect(parse(attached)?.event).toMatchObject({ kind: "trace", pid: 19507, tracer: 19500 });
    expect(parse(traced)?.event).toMatchObject({ kind: "trace", pid: 19507, tracer: 0 });
  });

  it("may be of kinds that do not matter, which count in their row all the same", () => {
    expect(parse(recorded.exec.replace("280000000200", "280000000400"))).toMatchObject({
      cpu: 2,
      event: { kind: "other" },
    });
  });

  it.each([
    ["cut off", recorded.fork.slice(0, 80)],
    ["somebody else's", recorded.fork.replace("0100000001000000", "0300000001000000")],
    ["of another value", recorded.fork.replace("0100000001000000", "0100000002000000")],
  ])("are passed over when they are %s", (_, hex) => {
    expect(parse(hex)).toBeNull();
  });
});

describe("gaps in the rows of the processors", () => {
  it("are counted for each processor by itself, from its first message on", () => {
    const gaps = new SequenceGaps();
    for (const [cpu, sequence] of [
      [0, 7],
      [1, 100],
      [0, 8],
      [1, 103],
      [0, 9],
    ] as const)
      gaps.take(cpu, sequence);
    expect(gaps.missing).toBe(2);
  });

  it("are none where the numbers wrap around", () => {
    const gaps = new SequenceGaps();
    for (const sequence of [0xffff_fffe, 0xffff_ffff, 0, 1]) gaps.take(0, sequence);
    expect(gaps.missing).toBe(0);
    gaps.take(0, 3);
    expect(gaps.missing).toBe(1);
  });
});
