import { RecordedRun } from "../core/recorded-run.ts";
import type { Act, RecordedProcess, Recording, Touch, TouchKind } from "../core/recording.ts";

/** A process that came during the recording, child of the one with serial 1. */
export function recordedProcess(parts: Partial<RecordedProcess> & { readonly serial: number }): RecordedProcess {
  return {
    pid: parts.serial + 100,
    parent: 1,
    startTime: String((parts.serial + 100) * 10),
    isOlder: false,
    executable: "/usr/bin/program",
    commandLine: "program --flag",
    cgroup: "/",
    fromMs: 1_100,
    toMs: null,
    ...parts,
  };
}

export function touch(by: number, kinds: readonly TouchKind[], firstMs = 1_200, lastMs = firstMs): Touch {
  return { by, kinds, firstMs, lastMs };
}

export function act(by: number, call: string, parts: Partial<Act> = {}): Act {
  return { by, call, parameters: {}, returned: 0, atMs: 1_200, ...parts };
}

/** A recording in which nothing was lost. */
export function recordedRun(
  processes: readonly RecordedProcess[],
  parts: Partial<Recording> & { readonly touches?: Readonly<Record<string, readonly Touch[]>> } = {},
): RecordedRun {
  const { touches = {}, ...further } = parts;
  const recording: Recording = {
    sources: (["files", "processes", "calls"] as const).map((source) => ({
      source,
      status: "done",
      detail: "",
      events: 1,
    })),
    processes: new Map(processes.map((process) => [process.serial, process])),
    acts: [],
    ...{ seesSettings: true, seesOrders: true },
    fromMs: 900,
    toMs: 3_000,
    ...further,
  };
  return new RecordedRun(recording, new Map(Object.entries(touches)));
}
