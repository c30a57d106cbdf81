import { isByActivity, isForActivity } from "./activity-words.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { commandName } from "../contact/command-once.ts";
import { violation } from "../story.ts";

interface Agent {
  /** The owner asked for a pause, and was not told since that it is let go. */
  ownerAsked: boolean;
  /** The owner was granted one, and has not asked to let it go. */
  paused: RecordOf<"witness.answered"> | null;
  /** The owner's last request for one. */
  lastPause: number;
  /** The operator's words for a pause that the agent has not been seen to heed: they may be on their way for long. */
  readonly coming: Set<string>;
  /** The owner was told that it is let go, and nobody has asked for a pause since. */
  letGo: RecordOf<"witness.answered"> | null;
  /** By what the operator's words are told from any other. */
  readonly resumes: Set<string>;
}

/**
 * WC-2, WC-3: what the owner paused is let go by the owner alone, over restarts too; what the operator paused the
 * operator may let go; and once the owner has let it go the host is not paused again before somebody asks.
 */
export const ownerHolds = checkerOf("only the owner lets go what the owner paused (WC-3)", () => {
  const agents = new Map<string, Agent>();
  const agentOf = new Map<string, string>();
  let resumes = 0;

  const of = (agentId: string | null | undefined): Agent => {
    const id = agentId ?? "";
    let agent = agents.get(id);
    if (agent === undefined) {
      agent = {
        ownerAsked: false,
        lastPause: 0,
        paused: null,
        coming: new Set(),
        letGo: null,
        resumes: new Set(),
      };
      agents.set(id, agent);
    }
    return agent;
  };

  return {
    on: {
      "agent.started": ({ source, data }) => void agentOf.set(source, data.agentId ?? ""),
      "witness.asked": ({ data: { agentId, command, request } }) => {
        const agent = of(agentId);
        if (command === "pause") {
          agent.ownerAsked = true;
          agent.lastPause = request;
          agent.letGo = null;
        } else if (command === "resume") agent.paused = null;
      },
      "witness.answered": (record) => {
        const { agentId, command, ok, request } = record.data;
        const agent = of(agentId);
        if (!ok) return;
        if (command === "pause") agent.paused = record;
        // What was granted before it was asked is over, though the owner may have asked for another since.
        if (command === "resume" && (agent.paused?.data.request ?? request) < request) agent.paused = null;
        if (command === "resume" && agent.lastPause < request) {
          agent.ownerAsked = false;
          if (agent.coming.size === 0) agent.letGo = record;
        }
      },
      "witness.command": ({ data: { agentId, by, command, reason } }) => {
        if (by === "owner") return;
        const agent = of(agentId);
        if (command === "resume") agent.resumes.add(reason);
        else if (command === "pause") {
          agent.coming.add(reason);
          agent.letGo = null;
        }
      },
      // Also where the host was paused already.
      "agent.frozen": ({ source, data: { trigger } }) => came(of(agentOf.get(source)), trigger),
      "agent.refused": (record) => {
        const { event, state } = record.data;
        if (event !== "resumeAsked" || state === "Withdrawing" || state === "Withdrawn") return;
        // Whether the owner really was is judged by activity-pauses, as is what comes of that.
        if (isForActivity(record.data.reason)) return;
        if (of(agentOf.get(record.source)).ownerAsked) return;
        return violation("a resume was refused, and the owner had paused nothing", record);
      },
      "agent.state": (record) => {
        const { from, to, event, reason } = record.data;
        const agent = of(agentOf.get(record.source));
        const { paused, letGo, resumes: words } = agent;
        if (to === "Paused") came(agent, reason);
        if (to === "Paused" && letGo !== null && !isByActivity(reason)) {
          return violation("a host that its owner let go is paused, and nobody asked for that", letGo, record);
        }
        if (from !== "Paused" || event !== "resumeAsked") return;
        resumes += 1;
        if (paused === null || !words.has(reason)) return;
        return violation("the operator let go what the owner had paused", paused, record);
      },
    },
    end: () => (resumes === 0 ? undecided("nobody let a host go") : passed(`${resumes} resumes`)),
  };
});

/** The operator's pause is here. Words that may be used twice say nothing of which one it is. */
function came({ coming }: Agent, reason: string): void {
  if (commandName.test(reason)) coming.delete(reason);
}
