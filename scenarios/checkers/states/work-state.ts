import type { AgentState } from "../../../protocol/agent-states.ts";
import { checkerOf, passed, undecided } from "../checker.ts";
import { Instances } from "../instances.ts";
import { violation } from "../story.ts";

/** What is still of the host, in whichever way it is about to end. */
const holds: ReadonlySet<string> = new Set(["running", "killing"]);

/** I4: an agent that says how it is says Working while it holds a sandbox, and Idle while it does not. */
export const workState = checkerOf("an agent is Working exactly while it holds a sandbox (I4)", () => {
  const instances = new Instances<{ state: AgentState; readonly held: Set<string> }>(() => ({
    state: "Enrolling",
    held: new Set(),
  }));
  let looks = 0;
  return {
    on: {
      "agent.started": (record) => void instances.started(record),
      "agent.state": ({ source, data: { to } }) => {
        instances.of(source).state = to;
      },
      "agent.execution": ({ source, data: { leaseId, to } }) => {
        const { held } = instances.of(source);
        if (holds.has(to)) held.add(leaseId);
        else held.delete(leaseId);
      },
      "agent.woke": (record) => {
        const { state, held } = instances.of(record.source);
        if (state !== "Idle" && state !== "Working") return;
        looks += 1;
        if (held.size > 0 === (state === "Working")) return;
        return violation(`an agent that holds ${held.size} sandboxes says that it is ${state}`, record);
      },
    },
    end: () => (looks === 0 ? undecided("no agent said how it is") : passed(`${looks} looks`)),
  };
});
