import { describe, expect, test } from "vitest";

import { formats, headerPage, recordedPiece } from "../testing/recorded-trace.ts";
import { CallDecoder } from "./call-events.ts";
import { CallPairing } from "./call-pairing.ts";
import { parseFormat, parsePageLayout, type TraceFormat } from "./trace-format.ts";
import { type TracedCall, tracedCalls } from "./traced-calls.ts";

const callNamed = (name: string): TracedCall => tracedCalls.find(({ call }) => call === name) as TracedCall;
const format = (name: keyof typeof formats): TraceFormat => parseFormat(formats[name]) as TraceFormat;

function decoder(): CallDecoder {
  const layout = parsePageLayout(headerPage);
  if (layout === null) throw new Error("no layout");
  const made = new CallDecoder(layout);
  made.learnBirth(format("thread"));
  made.learnEnter(callNamed("shmget"), format("enterShmget"));
  made.learnExit(callNamed("shmget"), format("exitShmget"));
  made.learnEnter(callNamed("setpriority"), format("enterSetpriority"));
  made.learnExit(callNamed("setpriority"), format("exitSetpriority"));
  return made;
}

describe("events of system calls, as the kernel wrote them", () => {
  test("calls come with the thread, the arguments and what they returned", () => {
    const { events, missed } = decoder().decode(recordedPiece());
    expect(missed).toBe(0);
    const { acts, births } = new CallPairing().take(events);
    expect(acts).toMatchObject([
      { thread: 4845, call: "shmget", parameters: { key: "-152057277", size: "4096", flags: "0x3a4" }, returned: 1 },
      { thread: 4846, call: "setpriority", parameters: { which: "PRIO_PROCESS", who: "4844", value: "5" } },
      { thread: 4891, call: "setpriority", parameters: { which: "PRIO_PROCESS", who: "0", value: "7" }, returned: 0 },
    ]);
    expect(births).toMatchObject([{ thread: 4847, made: 4891, flags: 0x3d0f00 }]);
  });

  test("times go on from event to event, also after a pause longer than one word holds", () => {
    const { events } = decoder().decode(recordedPiece());
    const times = events.map(({ atNs }) => atNs);
    expect(times[0]).toBe(2_651_917_872_062);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    // Python took 290 ms from its start to its thread: more than 2^27 ns.
    expect((times[4] ?? 0) - (times[3] ?? 0)).toBeGreaterThan(2 ** 27);
  });

  test("events of other kinds are passed over", () => {
    const layout = parsePageLayout(headerPage);
    if (layout === null) throw new Error("no layout");
    const made = new CallDecoder(layout);
    made.learnEnter(callNamed("shmget"), format("enterShmget"));
    expect(made.decode(recordedPiece()).events).toMatchObject([{ kind: "enter", call: "shmget" }]);
  });

  test("a text that is no format, and a kernel of 32 bits, are known as such", () => {
    expect(parseFormat("cat: no such file")).toBeNull();
    expect(parsePageLayout("")).toBeNull();
    expect(parsePageLayout(headerPage.replace("size:8", "size:4"))).toBeNull();
  });

  test("a format without the field that is needed is refused with its name", () => {
    const noReturn = formats.exitShmget.replace("long ret;", "long result;");
    expect(() => decoder().learnExit(callNamed("shmget"), parseFormat(noReturn) as TraceFormat)).toThrow(
      "has no field ret",
    );
  });
});
