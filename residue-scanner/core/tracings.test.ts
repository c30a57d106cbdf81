import { describe, expect, it } from "vitest";

import { Tracings } from "./tracings.ts";

function tracings() {
  const retained: number[] = [];
  const lineage = {
    retain: (serial: number) => void retained.push(serial),
    serialAt: (pid: number) => (pid > 900 ? null : pid * 10),
    wallMs: (atNs: number) => atNs / 1e6,
  };
  return { seen: new Tracings(lineage), retained };
}

describe("who attached to whom", () => {
  it("is an act of the tracer's, which its letting go of one thread does not end", () => {
    const { seen, retained } = tracings();
    seen.note({ kind: "trace", pid: 4, tracer: 7, atNs: 5e6 });
    seen.note({ kind: "trace", pid: 4, tracer: 7, atNs: 5e6 });
    seen.note({ kind: "trace", pid: 5, tracer: 7, atNs: 6e6 });
    seen.note({ kind: "trace", pid: 4, tracer: 0, atNs: 9e6 });
    expect(seen.acts()).toEqual([
      { by: 70, call: "ptrace", parameters: { asked: "40", untilMs: "Infinity" }, returned: null, atMs: 5 },
      { by: 70, call: "ptrace", parameters: { asked: "50", untilMs: "Infinity" }, returned: null, atMs: 6 },
    ]);
    expect(retained).toEqual([40, 70, 50, 70]);
  });

  it("says nothing of processes of which nothing is known", () => {
    const { seen } = tracings();
    seen.note({ kind: "trace", pid: 4, tracer: 901, atNs: 5e6 });
    seen.note({ kind: "trace", pid: 901, tracer: 4, atNs: 5e6 });
    expect(seen.acts()).toEqual([]);
  });
});
