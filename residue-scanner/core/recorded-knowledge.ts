import { crashPatterns } from "./crash-patterns.ts";
import { ofHandedOn, ofKernelHelper } from "./kernel-helpers.ts";
import { ofKeyHelper } from "./key-requests.ts";
import type { AttributionContext } from "./attribution-context.ts";
import type { Differences } from "./difference.ts";
import { imageFiles } from "./image-files.ts";
import type { Inspections } from "./inspection.ts";
import { PipeRequests } from "./pipe-requests.ts";
import type { ProcessWitness } from "./process-attribution.ts";
import { RecordedEvidence } from "./recorded-evidence.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { RecordedWitness } from "./recorded-witness.ts";
import { Requests } from "./requests.ts";
import { SocketRequests } from "./socket-requests.ts";
import { ofProgramRun } from "./run-programs.ts";
import type { Snapshot } from "./snapshot.ts";

export interface ComparisonSources {
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly context: AttributionContext;
  readonly differences: Differences;
  readonly inspections: Inspections;
  /** Null, or absent, where nothing was recorded. */
  readonly recorded?: RecordedRun | null;
}

/** This host's own, `10.0.0.1` of `address 10.0.0.1/24 on eth0`. */
function addressesOf(...snapshots: readonly Snapshot[]): ReadonlySet<string> {
  const keys = snapshots.flatMap(({ listed }) => (listed.network ?? []).map(({ key }) => key));
  return new Set(keys.flatMap((key) => /^address (\S+?)(?:\/\d+)? on /.exec(key)?.[1] ?? []));
}

/** Brings a recording together with what the snapshots know of processes; each asks the other. */
export function evidenceFrom(sources: ComparisonSources, witness: ProcessWitness): RecordedEvidence | null {
  const { recorded: run, before, after, context, differences } = sources;
  if (run === undefined || run === null) return null;
  const requests: Requests = new Requests({
    run,
    witness: () => lineage,
    crontabsBefore: before.crontabs,
    crontabsAfter: after.crontabs,
    addresses: addressesOf(before, after),
  });
  const patterns = crashPatterns([before, after]);
  const lineage: RecordedWitness = new RecordedWitness({
    recording: run.recording,
    context,
    cgroupPrefixes: witness.cgroups.prefixes,
    isScanner: ({ pid, isOlder }) => isOlder && witness.table.isScanner(pid),
    markedAs: (pid, startTime) => witness.markedAs(pid, startTime),
    requestOf: (child, delegate) => ofHandedOn(child, { run, witness: lineage }) ?? requests.of(child, delegate),
    askedOf: (child, service) => asked.ofChild(service, child.fromMs),
    helperOf: (process) =>
      ofKeyHelper(process, { run, witness: lineage }) ??
      ofKernelHelper(process, {
        ...{ run, witness: lineage, patterns },
        askedOf: (crashed, atMs) => asked.ofChild(crashed, atMs),
      }),
    programOf: (process) => ofProgramRun(process, { run, witness: lineage }),
  });
  const asked = new SocketRequests({
    recording: run.recording,
    witness: () => lineage,
    readings: [before, after],
  });
  const pipes = new PipeRequests({ run, witness: lineage, inspections: sources.inspections });
  const evidence = new RecordedEvidence({
    ...{ run, witness: lineage, requests, pipes, asked, differences: differences.list },
    parentOf: (pid) => witness.table.now(pid)?.parent ?? null,
    images: imageFiles(before, after),
  });
  witness.askRecorder(
    (fact) => evidence.ofProcess(fact),
    (pid) => evidence.ofPid(pid),
  );
  return evidence;
}
