import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { messageOf } from "../../foundation/errors.ts";
import { CallTracer } from "../faults/call-tracer.ts";
import { missingFor, ptraceScope } from "../faults/fault-needs.ts";
import { onPath } from "../faults/on-path.ts";
import type { Probe, Trial } from "./probe.ts";

/** strace is attached to a process that is no child of its, which is what a fault has to do, and lets it go again. */
export const straceProbe: Probe = {
  name: "strace",
  for: "system calls that fail when they are told to (disturb-calls)",
  attempt: async () => {
    if (onPath("strace", "strace") !== null) return { status: "no", detail: "strace is not installed" };
    return await attachAndLeave();
  },
  remedy: () => missingFor("disturb-calls")?.remedy ?? "Run it as root, in a container with the capability SYS_PTRACE.",
};

async function attachAndLeave(): Promise<Trial> {
  const place = mkdtempSync(join(tmpdir(), "houseguest-doctor-"));
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  const exited = once(child, "exit").catch(() => []);
  try {
    await once(child, "spawn");
    const from = { pid: child.pid ?? 0, output: join(place, "calls"), mark: `doctor-${process.pid}` };
    const tracer = await CallTracer.attach(from, { calls: ["fsync"], error: "EIO" });
    await tracer.detach();
    const scope = ptraceScope();
    return { status: "ok", detail: `attached to a process and left it (ptrace_scope ${scope})` };
  } catch (error) {
    return { status: "no", detail: messageOf(error) };
  } finally {
    child.kill("SIGKILL");
    await exited;
    rmSync(place, { recursive: true, force: true });
  }
}
