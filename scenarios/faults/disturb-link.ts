import { ownProcess } from "./own-process.ts";
import { toxicEffect } from "./link/toxic.ts";
import type { FaultKind } from "./fault.ts";
import { faultTitle } from "./fault-spec.ts";

/**
 * Something is wrong with the line between an agent that joined through one (`link: true`) and the broker. What each
 * toxic does to what is under way stands with its data (link/toxic.ts). The line is a proxy on the loopback interface:
 * it cannot lose, repeat or reorder messages, which TCP would mend, nor refuse a connection without an answer.
 */
export const disturbLink: FaultKind<"disturb-link"> = {
  kind: "disturb-link",
  does: "latency, bandwidth, slice, blackhole, reset or half-close on an agent's line to the broker, either way or both",
  proves: "the proxy counts the bytes and connections that it delayed, held, cut or reset",
  needs: "nothing; the agent joins with `link: true`",
  onSim: true,
  async apply({ number, links, writeAhead, processes }, spec) {
    const { agent, toxic, direction = "both" } = spec;
    const { target } = processes({ process: agent });
    writeAhead(ownProcess(`a line with ${toxic.type}`));
    await links.add(agent, number, { toxic, direction });
    return {
      fault: `${toxic.type} ${direction}`,
      target,
      detail: faultTitle(spec),
      async proveEffect() {
        return toxicEffect(toxic, await links.count(agent, number));
      },
      undo: async () => await links.remove(agent, number),
    };
  },
};
