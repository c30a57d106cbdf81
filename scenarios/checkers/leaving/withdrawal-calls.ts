import { agentLimits } from "../../../agent/core/limits.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { violation, type Violation } from "../story.ts";

interface Calls {
  /** The last one by which this instance told the broker of its withdrawal, and how many there were. */
  told: RecordOf<"witness.call"> | null;
  times: number;
  /** Whether an enrolment that this withdrawal asked for is under way. */
  enrols: boolean;
  /** How often the broker refused it or was not heard, and when it was so last. */
  failures: number;
  failed: RecordOf<"witness.heard"> | null;
  report: RecordOf<"agent.withdrawal"> | null;
}

const nothingSaid: Calls = { told: null, times: 0, enrols: false, failures: 0, failed: null, report: null };

/**
 * What an agent that withdraws says to its broker: it tells it so a few times at most, or tries to be heard at all,
 * with growing waits in between, not again once the broker has confirmed it, and nothing at all after its report (I7).
 */
export const withdrawalCalls = checkerOf("an agent that withdraws tells its broker in measure (I7)", () => {
  const agents = new Map<string, Calls>();
  /** The call after the broker's confirmation, by agent: it was written down before that was sent. */
  const probes = new Map<string, RecordOf<"witness.call">>();
  /** Whose confirmation the broker's store may have forgotten. */
  const unsure = new Set<string>();
  let calls = 0;
  const judge = (record: RecordOf<"witness.call">, before: Calls): Violation | null => {
    const { agentId, route } = record.data;
    const probe = probes.get(agentId);
    if (probe !== undefined && (route === "withdraw" || route === "enrol")) {
      return violation(`what the broker had confirmed was asked again (${route})`, probe, record);
    }
    if (route !== "withdraw" && route !== "enrol") return null;
    if (before.failures >= agentLimits.withdrawAttemptsMax) {
      return violation(`the broker was asked again after ${before.failures} failures`, before.failed, record);
    }
    const sinceMs = before.failed === null ? Infinity : record.at - before.failed.at;
    if (sinceMs < before.failures * agentLimits.retryMsMin) {
      return violation(`the broker was asked again ${sinceMs.toFixed(0)} ms after a failure`, before.failed, record);
    }
    if (route !== "withdraw") return null;
    if (before.times >= agentLimits.withdrawAttemptsMax) {
      return violation(`one instance told the broker ${before.times + 1} times`, before.told, record);
    }
    const waitedMs = before.told === null ? Infinity : record.at - before.told.at;
    if (waitedMs >= before.times * agentLimits.retryMsMin) return null;
    return violation(`the broker was told again after ${waitedMs.toFixed(0)} ms`, before.told, record);
  };
  return {
    on: {
      "agent.started": ({ data: { agentId } }) => {
        if (agentId !== null && agentId !== undefined) agents.delete(agentId);
      },
      "witness.call": (record) => {
        const { agentId, route } = record.data;
        calls += 1;
        const before = agents.get(agentId) ?? { ...nothingSaid };
        agents.set(agentId, before);
        if (before.report !== null)
          return violation(`something was sent after the end (${route})`, before.report, record);
        const wrong = judge(record, before);
        if (route === "withdraw") unsure.delete(agentId);
        if (route === "probe" && !unsure.has(agentId)) probes.set(agentId, record);
        if (route === "enrol") before.enrols = true;
        if (route !== "withdraw") return wrong;
        before.told = record;
        before.times += 1;
        return wrong;
      },
      "witness.heard": (record) => {
        const { agentId, route, code } = record.data;
        const said = agents.get(agentId);
        if (said === undefined || (route !== "withdraw" && !(route === "enrol" && said.enrols))) return;
        if (route === "enrol") said.enrols = false;
        if (code === "ok") return;
        said.failures += 1;
        said.failed = record;
      },
      "agent.withdrawal": (record) => {
        const { agentId } = record.data.report;
        if (agentId === null) return;
        agents.set(agentId, { ...(agents.get(agentId) ?? nothingSaid), report: record });
        // Of one that left something there is more to come, and it begins anew.
        probes.delete(agentId);
      },
      "fault.applied": ({ data: { fault, target } }) => {
        // Whoever's clock is set takes a wait for over.
        if (fault === "jump-clock") agents.delete(target);
        if (fault !== "lose-store") return;
        probes.clear();
        for (const agentId of agents.keys()) unsure.add(agentId);
      },
    },
    end: () => (calls === 0 ? undecided("no agent withdrew") : passed(`${calls} calls`)),
  };
});
