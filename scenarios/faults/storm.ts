import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { cgroupCpuMs, cgroupPids } from "../../agent/sandbox/cgroup.ts";
import { runMarker } from "../../protocol/job-environment.ts";
import { writableCgroup } from "../stages/host/run-cgroup.ts";
import type { FaultContext, FaultKind } from "./fault.ts";
import type { FaultSpecOf } from "./fault-spec.ts";

/** So much stress-ng uses to begin, on any machine; its stressors have used more than that soon. In milliseconds. */
const cpuMsMin = 200;
/** Seconds after which it is killed, should stress-ng itself not end it in time. */
const killAfterS = 5;

/**
 * stress-ng(1): computing, pipes and context switches, memory that is mapped anew, and files that are written, synced and
 * removed. All of it in a cgroup of its own, by which it is ended whatever it does; and it has its own end. Work in
 * flight goes on, late.
 */
export const storm: FaultKind<"storm"> = {
  kind: "storm",
  does: "has stress-ng compute, switch, map memory and write files, for a bounded time",
  proves: "the CPU time that its cgroup used, by the kernel's books",
  needs: "stress-ng and timeout (coreutils), and a cgroup of version 2 that this user may make",
  onSim: false,
  async apply(context, spec) {
    const { id, place, writeAhead } = context;
    const path = join(writableCgroup() ?? "", `houseguest-${id}`);
    const files = join(place, `${id}-storm`);
    writeAhead({ undo: "remove-directory", path: files });
    writeAhead({ undo: "remove-cgroup", path });
    mkdirSync(files);
    mkdirSync(path);
    const beganAt = performance.now();
    await begin(context, { path, files, spec });
    const { cpus, disks, atMostS } = spec;
    return {
      fault: "storm",
      target: "host",
      detail: `stress-ng with ${cpus} stressors of each kind and ${disks} of files, for ${atMostS} s at most`,
      async proveEffect() {
        const cpuMs = cgroupCpuMs(path) ?? 0;
        const processes = cgroupPids(path).length;
        const ms = performance.now() - beganAt;
        const found = `${processes} processes used ${cpuMs.toFixed(0)} ms of CPU in ${ms.toFixed(0)} ms`;
        return { seen: cpuMs > cpuMsMin, lookedFor: "CPU time that the storm used", found };
      },
    };
  },
};

async function begin(
  { id }: FaultContext,
  { path, files, spec }: { readonly path: string; readonly files: string; readonly spec: FaultSpecOf<"storm"> },
): Promise<void> {
  const { cpus, disks, atMostS } = spec;
  const stressors = ["cpu", "switch", "mmap"].flatMap((kind) => [`--${kind}`, String(cpus)]);
  const bounded = ["timeout", "--signal=KILL", String(atMostS + killAfterS)];
  const program = [
    ...bounded,
    ...["stress-ng", "--timeout", `${atMostS}s`, "--quiet", "--temp-path", files, "--mmap-bytes", "32M"],
    ...stressors,
    ...(disks > 0 ? ["--hdd", String(disks), "--hdd-bytes", "16M"] : []),
  ];
  // It enters its cgroup before it becomes the program, so that nothing of it runs outside.
  const enter = 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"';
  const child = spawn("/bin/sh", ["-c", enter, "sh", path, ...program], {
    ...{ detached: true, stdio: "ignore", cwd: files },
    env: { PATH: process.env["PATH"], [runMarker]: id },
  });
  await once(child, "spawn");
  child.unref();
}
