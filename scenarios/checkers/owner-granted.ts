import { type AgentState, agentTransition } from "../../protocol/agent-states.ts";
import { checkerOf, passed, type RecordOf, undecided } from "./checker.ts";
import { violation, type Violation } from "./story.ts";

/** How long an answer takes that waits for nothing, in milliseconds. */
const atOnceMs = 250;

interface Agent {
  state: AgentState;
  isShuttingDown: boolean;
  /** What stands still by the freeze in force, and what was saved of it. */
  frozen: RecordOf<"agent.frozen"> | null;
  saved: Set<string>;
  /** What the owner waits for, with what the agent was when it was asked. */
  readonly waiting: Map<
    number,
    { readonly asked: RecordOf<"witness.asked">; readonly state: AgentState; readonly leaves: boolean }
  >;
}

const events = { pause: "pauseAsked", resume: "resumeAsked", withdraw: "withdrawAsked" } as const;

/**
 * WC-2, WC-3, WC-5: where nothing breaks an owner gets what the table of states grants, and what a pause says that it froze
 * and saved is what the records say.
 */
export const ownerGranted = checkerOf("an owner gets what the state of the agent grants (WC-5)", () => {
  const agents = new Map<string, Agent>();
  const agentOf = new Map<string, Agent>();
  let judged = 0;
  const judge = (record: RecordOf<"witness.answered">, agent: Agent): Violation | undefined => {
    const { request, command, ok, code, waitedMs, pause } = record.data;
    const one = agent.waiting.get(request);
    agent.waiting.delete(request);
    if (one === undefined || command === "status" || code === "ended") return undefined;
    judged += 1;
    const { asked, state, leaves } = one;
    const wrong = (what: string) =>
      violation(`${command} was asked of an agent that was ${state}, and ${what}`, asked, record);
    const grants = agentTransition(state, events[command], { busy: false }).accepted;
    if (!grants) return code === "refused" ? undefined : wrong("was not refused");
    if (command === "withdraw") return ok ? undefined : wrong(`was not granted: ${code}`);
    if (leaves) return command === "resume" || code === "shutting-down" ? undefined : wrong("cannot be granted");
    if (command === "resume") {
      if (!ok) return wrong(`was not granted: ${code}`);
      return waitedMs <= atOnceMs ? undefined : wrong(`was granted after ${waitedMs.toFixed(0)} ms`);
    }
    // A signal of the same moment was heard first.
    if (code === "shutting-down" && agent.isShuttingDown) return undefined;
    if (!ok) return code === "called-off" ? undefined : wrong(`was not granted: ${code}`);
    if (pause === null) return wrong("it does not say what it came to");
    if (state === "Enrolling") return undefined;
    const { frozen, saved } = agent;
    if (frozen === null || pause.frozenSandboxes !== frozen.data.sandboxes) return wrong("another number stands still");
    return pause.checkpoints <= saved.size ? undefined : wrong("not so many checkpoints were saved");
  };
  const agentOfSource = (source: string): Agent | undefined => agentOf.get(source);
  return {
    on: {
      "agent.started": ({ source, data: { agentId } }) => {
        const agent: Agent = {
          ...{ state: "Enrolling", isShuttingDown: false, frozen: null, saved: new Set<string>() },
          waiting: agents.get(agentId ?? "")?.waiting ?? new Map(),
        };
        agents.set(agentId ?? "", agent);
        agentOf.set(source, agent);
      },
      "agent.state": ({ source, data: { to } }) => {
        const agent = agentOfSource(source);
        if (agent !== undefined) agent.state = to;
      },
      "agent.shutdown": ({ source }) => {
        const agent = agentOfSource(source);
        if (agent !== undefined) agent.isShuttingDown = true;
      },
      "agent.frozen": (record) => {
        const agent = agentOfSource(record.source);
        if (agent !== undefined) agent.frozen = record;
      },
      "agent.thawed": ({ source }) => agentOfSource(source)?.saved.clear(),
      "agent.checkpoint": ({ source, data: { leaseId } }) => {
        agentOfSource(source)?.saved.add(leaseId);
      },
      "witness.asked": (record) => {
        const agent = agents.get(record.data.agentId ?? "");
        agent?.waiting.set(record.data.request, { asked: record, state: agent.state, leaves: agent.isShuttingDown });
      },
      "witness.answered": (record) => {
        const agent = agents.get(record.data.agentId ?? "");
        return agent === undefined ? undefined : judge(record, agent);
      },
    },
    end: () => (judged === 0 ? undecided("no owner heard an answer") : passed(`${judged} requests`)),
  };
});
