import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Recent } from "../recent.ts";
import { violation } from "../story.ts";

/**
 * I2: the broker heeds the instance that enrolled last, and nothing that an earlier one had sent and that comes late
 * (docs/cases.md, case 13). Judged of heartbeats, which tell who sent them, and of shutdowns: an agent is called shut
 * down only when that very instance is leaving.
 * Whom a broker heeds whose store forgot something, nobody can tell before the next enrolment.
 */
export const latestInstance = checkerOf("only the latest instance of an agent is heeded (I2)", () => {
  const heeded = new Map<string, RecordOf<"broker.enrolled">>();
  /** Instances that began to shut down. */
  const leaving = new Recent<true>();
  let heard = 0;
  return {
    on: {
      "broker.enrolled": (record) => {
        heeded.set(record.data.agentId, record);
      },
      "agent.shutdown": ({ source }) => {
        leaving.set(source, true);
      },
      "broker.heartbeat": (record) => {
        const { agentId, instanceId } = record.data;
        const enrolled = heeded.get(agentId);
        heard += 1;
        if (enrolled === undefined || instanceId === undefined || instanceId === enrolled.data.instanceId) return;
        return violation("a heartbeat of an earlier instance was taken", enrolled, record);
      },
      "broker.agent": (record) => {
        const { agentId, standing } = record.data;
        if (standing === "revoked") heeded.delete(agentId);
        if (standing !== "shutdown") return;
        heard += 1;
        const enrolled = heeded.get(agentId);
        if (enrolled === undefined || leaving.get(enrolled.data.instanceId) === true) return;
        return violation("an agent was called shut down, and its latest instance is not leaving", enrolled, record);
      },
      "fault.applied": ({ data: { fault } }) => {
        if (fault === "lose-store" || fault === "lose-history") heeded.clear();
      },
    },
    end: () => (heard === 0 ? undecided("no agent was heard") : passed(`${heard} heartbeats and shutdowns`)),
  };
});
