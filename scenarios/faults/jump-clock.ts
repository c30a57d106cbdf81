import type { FaultKind } from "./fault.ts";
import { ownProcess } from "./own-process.ts";

/**
 * The wall clock of an agent's or the broker's machine is set. Who runs goes by a steady clock and does not notice; whoever
 * is started from now on has the wrong time, until it is started again after this is healed. (A time namespace would
 * move the steady clocks alone, time_namespaces(7).)
 */
export const jumpClock: FaultKind<"jump-clock"> = {
  kind: "jump-clock",
  does: "sets the wall clock of the broker or an agent, for whoever of them is started from now on",
  proves: "what the process first said of itself bears a time that is wrong by that much",
  needs: "a program that runs on Node, into which a module is loaded; start it again meanwhile",
  onSim: true,
  async apply({ clocks, processes, writeAhead }, { process, byMs }) {
    const { target } = processes({ process });
    writeAhead(ownProcess(`the wrong clock of ${process}`));
    clocks.jump(process, byMs);
    return {
      fault: "jump-clock",
      target,
      detail: `by ${byMs} ms`,
      async proveEffect() {
        const offMs = clocks.offMs(process);
        const lookedFor = "a process that was started since, with the wrong time";
        if (offMs === undefined) return { seen: false, lookedFor, found: "it has said nothing since it was started" };
        // Between its start and its first word seconds may pass.
        const seen = Math.abs(offMs - byMs) < Math.abs(byMs) / 2;
        return { seen, lookedFor, found: `its clock is ${(offMs / 1_000).toFixed(1)} s ahead` };
      },
      undo: async () => clocks.jump(process, -byMs),
    };
  },
};
