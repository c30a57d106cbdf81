import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { violation } from "../story.ts";

/**
 * I7: a withdrawal that can reach the broker has its key revoked there before it wipes anything here, so that a wipe
 * that fails, or is never finished, leaves no key that still works. Judged of withdrawals that report the key as
 * revoked.
 */
export const revokedFirst = checkerOf("the key is revoked before it is wiped (I7)", () => {
  const revoked = new Set<string>();
  /** By agent: the key went while the broker still took it. */
  const early = new Map<string, RecordOf<"witness.resource">>();
  let keys = 0;
  return {
    on: {
      "broker.agent": ({ data: { agentId, standing } }) => {
        if (standing === "revoked") revoked.add(agentId);
      },
      "witness.resource": (record) => {
        const { agentId, change, resource } = record.data;
        if (change !== "gone" || !resource.startsWith("key:")) return;
        if (!revoked.has(agentId)) early.set(agentId, record);
      },
      "agent.withdrawal": (record) => {
        const { agentId, keyRevoked, clean } = record.data.report;
        if (agentId === null) return;
        const gone = early.get(agentId);
        early.delete(agentId);
        // Of one that left nothing there is nothing more to hear; any other tries again.
        if (clean) revoked.delete(agentId);
        if (keyRevoked !== "confirmed") return;
        keys += 1;
        if (gone === undefined) return;
        return violation(
          "the key was wiped while the broker still took it, and the broker could be reached",
          gone,
          record,
        );
      },
      "fault.applied": (record) => {
        // The broker revoked it, and did not live to tell.
        if (record.data.fault === "lose-history") for (const subject of record.data.subjects) revoked.add(subject);
      },
    },
    end: () => (keys === 0 ? undecided("no key was revoked by a withdrawal") : passed(`${keys} keys`)),
  };
});
