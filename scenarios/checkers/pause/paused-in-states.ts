import { type AgentState, agentStates, agentTransition } from "../../../protocol/agent-states.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { neededNames } from "../setting.ts";
import { violation } from "../story.ts";

/**
 * WC-2, WC-5, WC-11: in each state in which the owner asked for a pause the answer is the table's: granted, or refused
 * by name. Setting: `states`, in which it must have been asked, with commas between them.
 */
export const pausedInStates = checkerOf(
  "a pause is answered in every state as the table has it (WC-5)",
  { states: neededNames(agentStates, "in which a pause was asked for") },
  ({ states: named }) => {
    const wanted = named.split(",");
    const agentOf = new Map<string, string>();
    const states = new Map<string, AgentState>();
    const waiting = new Map<number, { readonly asked: RecordOf<"witness.asked">; readonly state: AgentState }>();
    const seen = new Map<AgentState, string>();
    return {
      on: {
        "agent.started": ({ source, data: { agentId } }) => {
          agentOf.set(source, agentId ?? "");
          states.set(agentId ?? "", "Enrolling");
        },
        "agent.state": ({ source, data: { to } }) => void states.set(agentOf.get(source) ?? "", to),
        "witness.asked": (asked) => {
          const { command, request, agentId } = asked.data;
          const state = states.get(agentId ?? "");
          if (command === "pause" && state !== undefined) waiting.set(request, { asked, state });
        },
        "witness.answered": (record) => {
          const { request, ok, code } = record.data;
          const one = waiting.get(request);
          if (one === undefined) return;
          waiting.delete(request);
          const { asked, state } = one;
          const { accepted } = agentTransition(state, "pauseAsked", { busy: false });
          if (ok !== accepted || (!ok && code !== "refused")) {
            return violation(`a pause was asked for while ${state}, and the answer is ${code ?? "yes"}`, asked, record);
          }
          seen.set(state, ok ? "granted" : "refused");
          return;
        },
      },
      end() {
        const words = agentStates
          .flatMap((state) => (seen.has(state) ? [`${state} ${seen.get(state)}`] : []))
          .join(", ");
        const absent = wanted.filter((state) => state !== "" && !seen.has(state as AgentState));
        return seen.size === 0 || absent.length > 0
          ? undecided(`nobody asked while ${absent.join(", ")}; ${words}`)
          : passed(`asked and answered while ${words}`);
      },
    };
  },
);
