import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { violation } from "../story.ts";

/**
 * I7; docs/cases.md, case 58: a withdrawal tells whoever asked what it wrote down; and it calls its key revoked only if
 * the broker says so too. A broker that did not live to say it (`lose-history`) may have, and one that forgets
 * (`lose-store`) has not.
 */
export const withdrawalTold = checkerOf("a withdrawal tells its owner what the broker confirms (I7)", () => {
  const revoked = new Set<string>();
  const reports = new Map<string, RecordOf<"agent.withdrawal">>();
  let told = 0;
  return {
    on: {
      "broker.agent": ({ data: { agentId, standing } }) => {
        if (standing === "revoked") revoked.add(agentId);
      },
      "fault.applied": ({ data: { fault, subjects } }) => {
        if (fault === "lose-history") for (const subject of subjects) revoked.add(subject);
      },
      "agent.withdrawal": (record) => {
        const { agentId, keyRevoked } = record.data.report;
        if (agentId === null) return;
        reports.set(agentId, record);
        if (keyRevoked !== "confirmed" || revoked.has(agentId)) return;
        return violation("the key is reported as revoked, and the broker never did that", record);
      },
      "witness.answered": (record) => {
        const { agentId, command, ok, report } = record.data;
        if (command !== "withdraw" || !ok || agentId === undefined) return;
        told += 1;
        const written = reports.get(agentId);
        if (report === null) return violation("a withdrawal was granted without its report", record);
        if (written === undefined) return violation("the owner heard of a withdrawal that wrote no report", record);
        const there = written.data.report;
        if (there === report || JSON.stringify(there) === JSON.stringify(report)) return;
        return violation("the owner heard another report than the one written down", written, record);
      },
    },
    end: () => (told === 0 ? undecided("no owner heard a report") : passed(`${told} reports told`)),
  };
});
