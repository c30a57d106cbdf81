import type { HistoryRecord } from "../../protocol/history.ts";
import { checkerOf, passed, type RecordOf, undecided } from "./checker.ts";
import { violation, type Violation } from "./story.ts";

type Word = "Paused" | "Withdrawing";

interface Agent {
  /** The last transition of the latest instance. */
  state: RecordOf<"agent.state"> | null;
  /** What an earlier instance had promised and the latest has not taken up yet. */
  owed: { readonly word: Word; readonly since: RecordOf<"agent.state"> } | null;
}

/** The pause is called off, whether it was in force, being taken up again, or remembered for the next start. */
function letGo(agent: Agent | undefined): void {
  if (agent === undefined) return;
  if (agent.owed?.word === "Paused") agent.owed = null;
  if (agent.state?.data.to === "Paused") agent.state = null;
}

/**
 * An owner's word outlives the process that took it: a paused agent comes back paused, and a withdrawing one goes on
 * withdrawing (docs/cases.md, cases 34 and 59; I6).
 */
export const wordKept = checkerOf("a pause and a withdrawal survive a restart (I6)", () => {
  const agents = new Map<string, Agent>();
  const sources = new Map<string, string>();
  let restarts = 0;

  const of = (source: string): Agent | undefined => agents.get(sources.get(source) ?? "");
  const breaks = (record: HistoryRecord, what: string): Violation | null => {
    const owed = of(record.source)?.owed ?? null;
    if (owed === null) return null;
    return violation(`an agent that was ${owed.word} came back and ${what}`, owed.since, record);
  };

  return {
    on: {
      "agent.started": ({ source, data: { agentId } }) => {
        if (agentId === null || agentId === undefined) return;
        sources.set(source, agentId);
        const before = agents.get(agentId);
        const to = before?.state?.data.to;
        const since = before?.state ?? null;
        const owed = (to === "Paused" || to === "Withdrawing") && since !== null ? { word: to, since } : before?.owed;
        if (owed !== null && owed !== undefined) restarts += 1;
        agents.set(agentId, { state: null, owed: owed ?? null });
      },
      "agent.state": (record) => {
        const agent = of(record.source);
        if (agent === undefined) return;
        const { to } = record.data;
        agent.state = record;
        if (to === "Withdrawing" || (to === "Paused" && agent.owed?.word === "Paused")) agent.owed = null;
        return agent.owed?.word === "Withdrawing" ? breaks(record, `went to ${to}`) : null;
      },
      "agent.offer": (record) => (record.data.answer === "accepted" ? breaks(record, "took an offer") : null),
      "agent.execution": (record) => (record.data.to === "spawning" ? breaks(record, "started a job") : null),
      "agent.thawed": ({ source }) => letGo(of(source)),
      "witness.resume": ({ data: { agentId } }) => letGo(agents.get(agentId ?? "")),
    },
    end: () =>
      restarts === 0 ? undecided("nobody was restarted with a word to keep") : passed(`${restarts} restarts`),
  };
});
