import { agentStates } from "../../../protocol/agent-states.ts";
import { checkerOf, failed, passed, type RecordOf, undecided } from "../checker.ts";
import { atLeast, neededName } from "../setting.ts";
import { Instances } from "../instances.ts";
import { violation } from "../story.ts";

interface Instance {
  began: RecordOf<"agent.state"> | null;
}

/**
 * WC-11: a withdrawal is granted in the very state in which it was asked for, and comes to its end. Settings: `from`, that
 * state, and `timesMin` (default 1).
 */
export const withdrawnFrom = checkerOf(
  "a withdrawal is granted in any state (WC-11)",
  {
    from: neededName(agentStates, "the state in which it is asked for"),
    timesMin: atLeast(1, "withdrawals from there"),
  },
  ({ from, timesMin }) => {
    const instances = new Instances<Instance>(() => ({ began: null }));
    const open: Instance[] = [];
    let ended = 0;
    return {
      on: {
        "agent.started": (record) => void instances.started(record),
        "agent.refused": (record) =>
          record.data.event === "withdrawAsked" ? violation("a withdrawal was refused", record) : null,
        "agent.state": (record) => {
          const { event } = record.data;
          const instance = instances.of(record.source);
          if (event === "withdrawAsked" && record.data.from === from) {
            instance.began = record;
            open.push(instance);
          }
          if (event !== "withdrawn" || instance.began === null) return;
          ended += 1;
          open.splice(open.indexOf(instance), 1);
          instance.began = null;
        },
      },
      end() {
        const [unfinished] = open;
        if (unfinished !== undefined) {
          return failed(violation(`a withdrawal from ${from} did not come to its end`, unfinished.began));
        }
        const figures = `${ended} withdrawals from ${from}`;
        return ended < timesMin ? undecided(`${figures}; ${timesMin} were to be`) : passed(figures);
      },
    };
  },
);
