import { describe, expect, test } from "vitest";

import { act } from "../testing/recording-fixture.ts";
import { NetworkAuthors } from "./network-authors.ts";

const [first, second, older, self] = [1, 2, 3, 4] as const;
const pids: Readonly<Record<number, number>> = { 101: first, 102: second, 7: older, 104: self };

function authors(ends: Readonly<Record<number, number>> = {}, portsBefore: readonly number[] = []): NetworkAuthors {
  const lifetimes = {
    serialAt: (pid: number) => pids[pid] ?? null,
    endedNs: (serial: number) => ends[serial] ?? null,
  };
  return new NetworkAuthors(lifetimes, { portsBefore: new Set(portsBefore), self });
}

const socket = (by: number) => act(by, "socket", { parameters: { protocol: "NETLINK_ROUTE" }, returned: null });

describe("who asked for a change of the network", () => {
  test("the process whose pid is the port id, where it has a socket", () => {
    const known = authors({}, [7]);
    known.learn([socket(first), socket(second)]);
    expect(known.of({ port: 102, afterNs: 10, beforeNs: 20 })).toEqual([second]);
    expect(known.of({ port: 7, afterNs: 10, beforeNs: 20 })).toEqual([older]);
  });

  test("nobody, where who has that pid here has no socket, or nobody has it", () => {
    const known = authors();
    known.learn([socket(first), act(second, "socket", { parameters: { protocol: "NETLINK_AUDIT" } })]);
    for (const port of [7, 102, 2 ** 32 - 5_000]) expect(known.of({ port, afterNs: 10, beforeNs: 20 })).toEqual([]);
  });

  test("without a port id, whoever had a socket at that time, but not the recorder", () => {
    const known = authors({ [first]: 15 });
    known.learn([socket(first), socket(self), { ...socket(older), apart: ["net"] }]);
    expect(known.of({ port: 0, afterNs: 10, beforeNs: 14 })).toEqual([first]);
    known.learn([socket(second)]);
    expect(known.of({ port: 0, afterNs: 14, beforeNs: 20 })).toEqual([first, second]);
    expect(known.of({ port: 0, afterNs: 16, beforeNs: 20 })).toEqual([second]);
  });
});
