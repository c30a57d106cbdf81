import { readdirSync } from "node:fs";

import { isAlive } from "../stages/host/proc.ts";
import type { FaultKind } from "./fault.ts";
import { notUp } from "./fault-error.ts";
import { processLimit, setProcessLimit } from "./process-limit.ts";

/**
 * Whatever opens, connects, accepts or starts something fails with EMFILE once the spare descriptors are taken. What is
 * open stays so. The limit is the soft one: a process that raised it itself would not be held.
 */
export const limitDescriptors: FaultKind<"limit-descriptors"> = {
  kind: "limit-descriptors",
  does: "lets the broker or an agent open only so many descriptors more than now (RLIMIT_NOFILE)",
  proves: "every descriptor below the limit was seen to be taken, so that opening one more fails with EMFILE",
  needs: "prlimit (util-linux)",
  onSim: false,
  holds: () => "the descriptors",
  async apply({ processes, writeAhead }, spec) {
    const { target, role, processes: of } = processes(spec);
    const [one] = of;
    if (one === undefined || !isAlive(one)) throw notUp(spec.process, "nothing of it can be limited");
    const { pid, startTime } = one;
    const before = processLimit(pid, "nofile");
    const limit = freeDescriptor(pid, spec.spare);
    writeAhead({ undo: "restore-limit", startTime, ...before });
    await setProcessLimit({ ...before, soft: String(limit) });
    // It is at its limit for moments: looked at often enough, one of them is seen. Without the limit it may take as many.
    let taken = false;
    const isHeld = (): boolean => processLimit(pid, "nofile").soft === String(limit);
    const look = (): void => {
      taken ||= isAlive(one) && freeDescriptor(pid, 0) >= limit && isHeld();
    };
    const timer = setInterval(look, lookEveryMs);
    timer.unref();
    return {
      fault: "limit-descriptors",
      target,
      detail: `${role} ${spec.process}: no descriptor from ${limit} on (before ${before.soft})`,
      async proveEffect() {
        look();
        const found = taken
          ? `all ${limit} were taken at once`
          : `one below ${limit} was free whenever it was looked at`;
        return { seen: taken, lookedFor: "a moment at which every descriptor below the limit is taken", found };
      },
      async undo() {
        clearInterval(timer);
      },
    };
  },
};

const lookEveryMs = 5;

/** The descriptor that is opened after so many others: the lowest free number counts (open(2)). */
function freeDescriptor(pid: number, spare: number): number {
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let left = spare;
  for (let number = 0; ; number += 1) {
    if (open.has(number)) continue;
    if (left === 0) return number;
    left -= 1;
  }
}
