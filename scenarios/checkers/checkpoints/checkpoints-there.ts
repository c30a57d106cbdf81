import { checkerOf, passed, undecided } from "../checker.ts";
import { violation } from "../story.ts";

/** Faults after which the broker may hold less than it said, or sees the time pass in one leap. */
const brokersOwn: ReadonlySet<string> = new Set(["stall-broker", "stall-store", "lose-store"]);
/** Faults under which an agent's word may come later than the life of a lease after what it is about. */
const agentsOwn = /^(stall-agent|slow .*|reordering both)$/;
/** One of these holds a message up by less than that, and two together may not. */
const reordering = /^reordering /;

/**
 * I8: a checkpoint that an agent names is there: the broker keeps what was brought for the life of a lease, and the
 * agent brings its parts in such an order that none is gone when it names them, however long the whole takes. Leaves
 * out agents, and everybody, once something befell them that makes word come late or the broker forget.
 */
export const checkpointsThere = checkerOf("a checkpoint that an agent names is there (I8)", () => {
  let isBrokerSpoilt = false;
  const spoilt = new Set<string>();
  const reordered = new Set<string>();
  let brought = 0;

  return {
    on: {
      "agent.checkpoint": () => void (brought += 1),
      "broker.refused": (record) => {
        const { agentId, code } = record.data;
        if (code !== "unknown-checkpoint" || isBrokerSpoilt || spoilt.has(agentId)) return null;
        return violation(`agent ${agentId.slice(0, 12)} named a checkpoint that the broker does not have`, record);
      },
      "fault.applied": ({ data: { fault, target } }) => {
        if (brokersOwn.has(fault)) isBrokerSpoilt = true;
        else if (agentsOwn.test(fault) || (reordering.test(fault) && reordered.has(target))) spoilt.add(target);
        else if (reordering.test(fault)) reordered.add(target);
      },
    },
    end: () => (brought === 0 ? undecided("no checkpoint was made") : passed(`${brought} checkpoints`)),
  };
});
