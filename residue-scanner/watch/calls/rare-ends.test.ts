import { expect, it } from "vitest";

import { CallDecoder, type CallEvent } from "../../core/call-events.ts";
import { CallPairing } from "../../core/call-pairing.ts";
import type { TracedCall } from "../../core/traced-calls.ts";
import { RareEnds } from "./rare-ends.ts";

const ioctl: TracedCall = { call: "ioctl", parameters: [], isEndTraced: false, endedBy: { LOOP_SET_FD: 0x4c00 } };
const layout = { time: 0, commit: 8, data: 16, bytes: 4096 };
const format = { id: 7, name: "sys_exit_ioctl", fields: [{ name: "ret", offset: 16, bytes: 8 }] };
const enter: CallEvent = {
  ...{ kind: "enter", thread: 1, atNs: 10, call: "ioctl", parameters: {} },
  isEndTraced: true,
};
const exit: CallEvent = { kind: "exit", thread: 1, atNs: 20, call: "ioctl", returned: -16 };

it("turns ends off as soon as all calls that turned them on have come back, and does nothing while they are off", () => {
  const done: string[] = [];
  const instance = {
    format: () => format,
    enableBy: (event: string, by: string, filter: string) => void done.push(`${event} by ${by} if ${filter}`),
    turnOff: () => void done.push("off"),
  };
  const pairing = new CallPairing();
  const ends = RareEnds.open({ instance, pairing, decoder: new CallDecoder(layout) }, ioctl, "cmd == 0x4c00");
  expect(done.splice(0)).toEqual(["syscalls/sys_exit_ioctl by syscalls/sys_enter_ioctl if cmd == 0x4c00"]);
  const read = (events: readonly CallEvent[]) => {
    pairing.take(events);
    ends?.afterReading(events);
    return done.splice(0);
  };
  expect(read([])).toEqual([]);
  // Somebody else's comes back meanwhile.
  expect(read([enter, { ...exit, thread: 2 }])).toEqual([]);
  expect(read([exit])).toEqual(["off"]);
  expect(read([])).toEqual([]);
});

it("is nothing where the kernel cannot", () => {
  const refuse = (): never => {
    throw new Error("EINVAL");
  };
  const instance = { format: () => format, enableBy: refuse, turnOff: refuse };
  const places = { instance, pairing: new CallPairing(), decoder: new CallDecoder(layout) };
  expect(RareEnds.open(places, ioctl, "cmd == 0x4c00")).toBeNull();
});
