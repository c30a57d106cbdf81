import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { runMarker } from "../../protocol/job-environment.ts";
import { cpuTimeNs, markedProcesses } from "../stages/host/proc.ts";
import type { FaultContext, FaultKind } from "./fault.ts";
import type { FaultSpecOf } from "./fault-spec.ts";

/** So much a process uses to begin, on any machine; who computes has used more than that soon. In milliseconds. */
const cpuMsMin = 50;
/** What each process does, without end. */
const computes = "while :; do :; done";
const writes = 'while :; do dd if=/dev/zero of="$1" bs=1M count=8 conv=fsync 2>/dev/null; done';

/**
 * Processes of the harness's own compete for CPUs and disks. Everything goes on, later. Each has its own end by
 * timeout(1), and all bear a marker of their own, by which they are found and killed.
 */
export const load: FaultKind<"load"> = {
  kind: "load",
  does: "keeps CPUs and disks busy with processes of its own, for a bounded time",
  proves: "the CPU time and the bytes that they used",
  needs: "timeout and dd (coreutils)",
  onSim: false,
  async apply(context, spec) {
    const { id, place, writeAhead } = context;
    const { cpus = 0, disks = 0 } = spec;
    const files = Array.from({ length: disks }, (_, index) => join(place, `${id}-${index}`));
    for (const path of files) writeAhead({ undo: "remove-file", path });
    writeAhead({ undo: "kill-marked", run: id });
    const beganAt = performance.now();
    const programs = [
      ...Array.from({ length: cpus }, () => [computes]),
      ...files.map((path) => [writes, "sh", path] as const),
    ];
    const children = await Promise.all(programs.map(async (program) => await begin(context, spec, program)));
    return {
      fault: "load",
      target: "host",
      detail: `${cpus} processes compute, ${disks} write, for ${spec.atMostS} s at most`,
      async proveEffect() {
        const busy = markedProcesses(runMarker, id);
        const cpuMs = busy.reduce((sum, { pid }) => sum + cpuTimeNs(pid), 0) / 1e6;
        const writtenMb = busy.reduce((sum, { pid }) => sum + bytesWritten(pid), 0) / 1_048_576;
        const found = `${cpuMs.toFixed(0)} ms of CPU and ${writtenMb.toFixed(0)} MiB in ${(performance.now() - beganAt).toFixed(0)} ms`;
        const seen = busy.length > 0 && (cpus === 0 || cpuMs > cpuMsMin) && (disks === 0 || writtenMb > 0);
        return { seen, lookedFor: "CPU time and bytes that the load used", found };
      },
      async undo() {
        for (const child of children) child.kill("SIGKILL");
      },
    };
  },
};

async function begin(
  { id }: FaultContext,
  { atMostS }: FaultSpecOf<"load">,
  program: readonly string[],
): Promise<ChildProcess> {
  const child = spawn("timeout", ["--signal=KILL", String(atMostS), "/bin/sh", "-c", ...program], {
    detached: true,
    stdio: "ignore",
    env: { PATH: process.env["PATH"], [runMarker]: id },
  });
  await once(child, "spawn");
  child.unref();
  return child;
}

/** What a process, and those of its children that have ended, wrote (proc_pid_io(5)); 0 when it is gone. */
function bytesWritten(pid: number): number {
  try {
    return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
