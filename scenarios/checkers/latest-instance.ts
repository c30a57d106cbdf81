import { checkerOf, passed, type RecordOf, undecided } from "./checker.ts";
import { Recent } from "./recent.ts";
import { violation } from "./story.ts";

/**
 * I2: the broker heeds the instance that enrolled last, and nothing that an earlier one had sent and that comes late
 * (docs/cases.md, case 13). Judged of shutdowns: an agent is called shut down only when that very instance is leaving.
 * Whom a broker heeds whose store forgot something, nobody can tell before the next enrolment.
 */
export const latestInstance = checkerOf("only the latest instance of an agent is heeded (I2)", () => {
  const heeded = new Map<string, RecordOf<"broker.enrolled">>();
  /** Instances that began to shut down. */
  const leaving = new Recent<true>();
  let shutdowns = 0;
  return {
    on: {
      "broker.enrolled": (record) => {
        heeded.set(record.data.agentId, record);
      },
      "agent.shutdown": ({ source }) => {
        leaving.set(source, true);
      },
      "broker.agent": (record) => {
        const { agentId, standing } = record.data;
        if (standing === "revoked") heeded.delete(agentId);
        if (standing !== "shutdown") return;
        shutdowns += 1;
        const enrolled = heeded.get(agentId);
        if (enrolled === undefined || leaving.get(enrolled.data.instanceId) === true) return;
        return violation("an agent was called shut down, and its latest instance is not leaving", enrolled, record);
      },
      "fault.applied": ({ data: { fault } }) => {
        if (fault === "lose-store" || fault === "lose-history") heeded.clear();
      },
    },
    end: () => (shutdowns === 0 ? undecided("no agent was called shut down") : passed(`${shutdowns} shutdowns`)),
  };
});
