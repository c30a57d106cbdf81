import { describe, expect, it } from "vitest";

import { recordedProcess, recordedRun } from "../testing/recording-fixture.ts";
import { contextFixture } from "../testing/snapshot-fixture.ts";
import type { AttributionContext } from "./attribution-context.ts";
import { RecordedWitness } from "./recorded-witness.ts";
import type { RecordedProcess } from "./recording.ts";

const scanner = recordedProcess({ serial: 1, pid: 60, parent: null, isOlder: true, executable: "/usr/bin/node" });
const daemon = recordedProcess({ serial: 2, pid: 70, parent: null, isOlder: true, executable: "/usr/sbin/postgres" });
const command = recordedProcess({ serial: 3, parent: 1, executable: "/bin/sh" });
const known: AttributionContext["processes"] = [
  { pid: command.pid, startTime: String(command.startTime), role: "job" },
];

function witnessOf(came: readonly RecordedProcess[], context: Partial<AttributionContext> = {}): RecordedWitness {
  return new RecordedWitness({
    recording: recordedRun([scanner, daemon, command, ...came]).recording,
    context: contextFixture({ processes: known, ...context }),
    cgroupPrefixes: ["/run-1"],
    isScanner: ({ pid }) => pid === scanner.pid,
    markedAs: () => null,
    requestOf: () => ({ to: "unknown", evidence: [] }),
  });
}

describe("the line of a recorded process", () => {
  it("leads to the job through a daemon's two forks, without cgroup, name or environment", () => {
    const fork = recordedProcess({ serial: 4, parent: 3, executable: null, cgroup: null });
    const left = recordedProcess({ serial: 5, parent: 4, startTime: null, executable: null, cgroup: null });
    const { to, evidence } = witnessOf([fork, left]).of(5);
    expect(to).toBe("job");
    expect(evidence[0]).toEqual({
      kind: "recorder",
      detail: "descends from process 103 (/bin/sh), which was seen during the run as a process of the job",
    });
  });

  it("leads to others from what ran before, and from nobody knows where when a fork was not seen", () => {
    const child = recordedProcess({ serial: 4, parent: 2 });
    const stray = recordedProcess({ serial: 5, parent: null });
    const witness = witnessOf([child, stray]);
    expect(witness.of(4)).toMatchObject({
      to: "background",
      evidence: [{ detail: "was started by process 70 (/usr/sbin/postgres), which ran before the recorder listened" }],
    });
    expect(witness.of(5).to).toBe("unknown");
    expect(witness.of(999).to).toBe("unknown");
  });

  it("is the run's by its cgroup, whoever started it", () => {
    const moved = recordedProcess({ serial: 4, parent: 2, cgroup: "/run-1/x" });
    expect(witnessOf([moved], { markedRole: "job" }).of(4)).toMatchObject({
      to: "job",
      evidence: [{ kind: "cgroup" }],
    });
  });

  it("knows the command that ended before it could be looked at by its pid, but nobody else's process of that pid", () => {
    const short = { ...command, startTime: null };
    const other = recordedProcess({ serial: 9, pid: command.pid, parent: 2, startTime: null });
    expect(witnessOf([short]).of(3).to).toBe("job");
    expect(witnessOf([other]).of(9).to).toBe("background");
  });

  it("takes what the scanner starts, and what was not seen as the job's, for the harness's", () => {
    expect(witnessOf([recordedProcess({ serial: 4, parent: 1 })]).of(4).to).toBe("harness");
  });

  it("goes up a line of 50,000 processes", () => {
    const line = Array.from({ length: 50_000 }, (_, index) =>
      recordedProcess({ serial: index + 4, parent: index + 3 }),
    );
    expect(witnessOf(line).of(50_003).to).toBe("job");
  });
});
