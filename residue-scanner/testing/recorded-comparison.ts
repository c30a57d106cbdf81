import { ResidueReport } from "../../protocol/residue-report.ts";
import type { AttributionContext } from "../core/attribution-context.ts";
import { differencesBetween } from "../core/difference.ts";
import { indexTree } from "../core/packed-tree.ts";
import type { Inspections } from "../core/inspection.ts";
import type { RecordedProcess, Recording, Touch } from "../core/recording.ts";
import { reportOf } from "../core/report.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { atOnce } from "../core/steps.ts";
import { type EntryFixture, packTree } from "./packed-tree-fixture.ts";
import { recordedProcess, recordedRun } from "./recording-fixture.ts";
import { contextFixture, processFixture, snapshotFixture } from "./snapshot-fixture.ts";

export const scanner = recordedProcess({
  serial: 1,
  pid: 60,
  parent: null,
  isOlder: true,
  executable: "/usr/bin/node",
});
export const daemon = recordedProcess({
  ...{ serial: 2, pid: 70, parent: null, isOlder: true },
  ...{ executable: "/usr/sbin/rsyslogd", cgroup: "/system/rsyslog" },
});
/** An older process that does things at others' request. */
const cron = recordedProcess({ serial: 3, pid: 80, parent: null, isOlder: true, executable: "/usr/sbin/cron" });
/** What the run started. */
export const command = recordedProcess({ serial: 4, parent: 1, executable: "/bin/sh" });
const existing = [scanner, daemon, cron, command];
/** Serials of `command` and of `daemon`: a touch by the run's side, and one by somebody else's. */
export const job = 4;
export const foreign = 2;

/** What the recorder saw, besides those who were there before. */
export interface Told
  extends Pick<AttributionContext, "canaries" | "otherRuns" | "waivers">,
    Partial<Omit<Recording, "processes">> {
  readonly inspections?: Inspections;
  /** How many differences of files are listed. */
  readonly differencesMax?: number;
  readonly came?: readonly RecordedProcess[];
  readonly touches?: Readonly<Record<string, readonly Touch[]>>;
}

/** The report on two readings of a host on which the job and others were recorded. */
export function compare(
  before: Partial<Snapshot>,
  after: Partial<Snapshot>,
  { came = [], inspections = new Map(), differencesMax = 20_000, canaries, otherRuns, waivers, ...told }: Told,
): ResidueReport {
  const own = [processFixture({ pid: scanner.pid })];
  const watching = { scanner: own.map(({ pid, startTime }) => ({ pid, startTime })) };
  const one = snapshotFixture({ ...watching, processes: own, ...before });
  const other = snapshotFixture({ ...watching, processes: own, ...after });
  const report = reportOf({
    before: one,
    after: other,
    context: contextFixture({
      processes: [{ pid: command.pid, startTime: String(command.startTime), role: "job" }],
      ...(canaries !== undefined && { canaries }),
      ...(otherRuns !== undefined && { otherRuns }),
      ...(waivers !== undefined && { waivers }),
    }),
    differences: atOnce(differencesBetween(one, other, { differencesMax })),
    inspections,
    userName: String,
    recorded: recordedRun([...existing, ...came], told),
  });
  return ResidueReport.parse(atOnce(report));
}

export const files = (directories: Readonly<Record<string, readonly EntryFixture[]>>) => ({
  files: indexTree(packTree(directories)),
});
export const whose = ({ findings }: ResidueReport) =>
  findings.map(({ location, attribution }) => [location, attribution.to]);
export const excusedBy = ({ excused }: ResidueReport) => excused.map(({ rule }) => rule);
