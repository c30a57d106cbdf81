import { describe, expect, it } from "vitest";

import { foreign, job } from "../testing/recorded-comparison.ts";
import { act, recordedProcess } from "../testing/recording-fixture.ts";
import { processFixture } from "../testing/snapshot-fixture.ts";
import { endedWards } from "./ended-wards.ts";
import { RecordedWitness } from "./recorded-witness.ts";
import type { Act, RecordedProcess } from "./recording.ts";

const guard = recordedProcess({ serial: 20, parent: null, isOlder: true });
const init = recordedProcess({ serial: 21, pid: 1, parent: null, isOlder: true });
const started = recordedProcess({ serial: 28, pid: 98, parent: guard.serial, toMs: 1_301 });
const sent = (signal: string, atMs = 1_300): Act =>
  act(job, "kill", { parameters: { pid: String(started.pid), signal }, returned: null, atMs });

/** Who sees that one of its children was ended, by what and when. */
function seen(
  signals: readonly Act[],
  ward: RecordedProcess,
  readings: Parameters<typeof endedWards>[1]["readings"] = [],
) {
  const processes = new Map([guard, init, ward].map((each) => [each.serial, each]));
  const witness = new RecordedWitness({
    recording: { sources: [], processes, acts: [], fromMs: 900, toMs: 3_000 },
    context: { processes: [], markedRole: "job" },
    ...{ cgroupPrefixes: [], isScanner: () => false, markedAs: () => null },
    requestOf: () => ({ to: "background", evidence: [] }),
  });
  return [...endedWards(signals, { processes, witness, readings })].map(
    ([serial, acts]) => [serial, acts.map(({ by, atMs }) => `${by} ${atMs}`)] as const,
  );
}

describe("a process that sees one of its children end by a signal", () => {
  it("is who started it, also during the run", () => {
    expect(seen([sent("SIGKILL")], started)).toEqual([[guard.serial, [`${job} 1301`]]]);
    expect(seen([{ ...sent("SIGTERM"), by: foreign }], started)).toEqual([[guard.serial, [`${foreign} 1301`]]]);
  });

  it("is the parent that was read, of one that ran before the recorder", () => {
    const older = { ...started, parent: null, isOlder: true };
    const at = (parent: number) => [
      {
        processes: [
          processFixture({ pid: guard.pid, startTime: guard.startTime ?? "" }),
          processFixture({ pid: older.pid, startTime: older.startTime ?? "", parent }),
        ],
      },
    ];
    expect(seen([sent("SIGKILL")], older, at(guard.pid))).toHaveLength(1);
    expect(seen([sent("SIGKILL")], older, at(1))).toEqual([]);
  });

  it("is nobody where that was init, which takes in every orphan", () => {
    expect(seen([sent("SIGKILL")], { ...started, parent: init.serial })).toEqual([]);
  });

  it("sees it when it ends, which is not when it was told to", () => {
    expect(seen([sent("SIGTERM")], { ...started, toMs: 9_300 })).toEqual([[guard.serial, [`${job} 9300`]]]);
  });

  it.each([
    ["SIGKILL", 60_000, 1],
    ["SIGTERM", 10_000, 1],
    ["SIGTERM", 10_001, 0],
    ["SIGRTMIN+5", 10, 1],
  ])("sees that of %s where it ends %i ms later, as far as that can be told: %i", (signal, afterMs, count) => {
    expect(seen([sent(signal)], { ...started, toMs: 1_300 + afterMs })).toHaveLength(count);
  });

  it.each(["SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGWINCH", "SIGURG", "SIGCHLD"])(
    "sees nothing of %s, which ends nobody",
    (signal) => {
      expect(seen([sent(signal)], started)).toEqual([]);
    },
  );

  it("sees nothing of a signal that came before the child, or after it, or of a child that goes on", () => {
    expect(seen([sent("SIGKILL", 1_000)], started)).toEqual([]);
    expect(seen([sent("SIGKILL", 1_302)], started)).toEqual([]);
    expect(seen([sent("SIGKILL")], { ...started, toMs: null })).toEqual([]);
  });
});
