import { join } from "node:path";

import { isAlive } from "../stages/host/proc.ts";
import { CallTracer } from "./call-tracer.ts";
import type { FaultKind } from "./fault.ts";
import { notUp } from "./fault-error.ts";

/**
 * Exact system calls of a process fail, or come late (strace -e inject): a disk that says EIO at the third fsync. A call
 * that fails does nothing. The process goes on, slower, since each of its calls stops it; of what it starts nothing is
 * touched, nor are threads that it begins later. What hits `write` or `read` without a file hits pipes and wake-ups too,
 * which few programs live through.
 */
export const disturbCalls: FaultKind<"disturb-calls"> = {
  kind: "disturb-calls",
  does: "lets exact system calls of the broker, an agent or Redis fail with an error, or delays them (strace)",
  proves: "strace counts the calls with which it interfered",
  needs: "strace, and that this user may trace processes: root, or kernel.yama.ptrace_scope 0",
  onSim: false,
  async apply({ id, place, processes, writeAhead, home }, spec) {
    const { process: name, calls, error, delayMs, file } = spec;
    const { target, role, processes: of } = processes({ process: name });
    const [one] = of;
    if (one === undefined || !isAlive(one)) throw notUp(name, "no calls of it can be changed");
    const path = file === undefined || role !== "agent" ? file : join(home(name).path, file);
    const output = join(place, `${id}-calls`);
    writeAhead({ undo: "remove-file", path: output });
    writeAhead({ undo: "kill-marked", run: id });
    const tracer = await CallTracer.attach({ pid: one.pid, output, mark: id }, { ...spec, path });
    const how = [
      ...(error === undefined ? [] : [`fail with ${error}`]),
      ...(delayMs === undefined ? [] : [`come ${delayMs} ms late`]),
    ];
    return {
      fault: "disturb-calls",
      target,
      detail: `${calls.join(", ")} of ${name} ${how.join(" and ")}, in ${tracer.threads} threads`,
      async proveEffect() {
        const count = tracer.count();
        return { seen: count > 0, lookedFor: "calls with which strace interfered", found: `${count} calls were hit` };
      },
      undo: async () => await tracer.detach(),
    };
  },
};
