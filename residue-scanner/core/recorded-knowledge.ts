import { crashPatterns } from "./crash-patterns.ts";
import { ofHandedOn, ofKernelHelper } from "./kernel-helpers.ts";
import { ofKeyHelper } from "./key-requests.ts";
import type { AttributionContext } from "./attribution-context.ts";
import type { Differences } from "./difference.ts";
import { eventLagMs } from "./event-lag.ts";
import { imageFiles } from "./image-files.ts";
import type { Inspections } from "./inspection.ts";
import { PipeRequests } from "./pipe-requests.ts";
import type { Attribution, ProcessWitness } from "./process-attribution.ts";
import { RecordedEvidence } from "./recorded-evidence.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { RecordedWitness } from "./recorded-witness.ts";
import type { RecordedProcess } from "./recording.ts";
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

interface Lineage {
  readonly witness: RecordedWitness;
  readonly requests: Requests;
  readonly asked: SocketRequests;
}

/** @param orderedOf whose orders a service's child carries out that came through a pipe, or by what the service watches */
function lineageFrom(
  { before, after, context }: ComparisonSources,
  {
    run,
    witness,
    orderedOf,
  }: {
    readonly run: RecordedRun;
    readonly witness: ProcessWitness;
    readonly orderedOf: (child: RecordedProcess) => Attribution | null;
  },
): Lineage {
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
    askedOf: (child, service) => asked.ofChild(service, child.fromMs) ?? orderedOf(child),
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
  return { witness: lineage, requests, asked };
}

interface Orders {
  /** Whose orders a service's child carries out. */
  readonly of: (child: RecordedProcess) => Attribution | null;
  /** Knows nothing of such orders; null where there are none. */
  readonly unordered: RecordedWitness | null;
}

/**
 * Those who gave orders are judged by themselves, without such orders: they may be the service's own children, of which
 * each would be asked for all others.
 */
function ordersFrom(
  sources: ComparisonSources,
  { run, witness }: { readonly run: RecordedRun; readonly witness: ProcessWitness },
): Orders {
  const { inspections } = sources;
  const isOrdered = inspections.values().some(({ readers, watchers }) => (readers ?? watchers) !== undefined);
  if (!isOrdered) return { of: () => null, unordered: null };
  const { witness: unordered } = lineageFrom(sources, { run, witness, orderedOf: () => null });
  const pipes = new PipeRequests({ run, witness: unordered, unordered: null, inspections });
  return {
    unordered,
    // What was done to files is told late: the child may have begun by then.
    of: ({ serial, fromMs }) => pipes.of({ by: serial, kinds: [], firstMs: fromMs, lastMs: fromMs + eventLagMs }),
  };
}

/** Brings a recording together with what the snapshots know of processes; each asks the other. */
export function evidenceFrom(sources: ComparisonSources, witness: ProcessWitness): RecordedEvidence | null {
  const { recorded: run, before, after, differences, inspections } = sources;
  if (run === undefined || run === null) return null;
  const { of: orderedOf, unordered } = ordersFrom(sources, { run, witness });
  const { witness: lineage, requests, asked } = lineageFrom(sources, { run, witness, orderedOf });
  const pipes = new PipeRequests({ run, witness: lineage, unordered, inspections });
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
