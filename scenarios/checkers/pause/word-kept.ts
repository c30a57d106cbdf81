import type { HistoryRecord } from "../../../protocol/history.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

interface Owed {
  readonly word: "Paused" | "Withdrawing";
  readonly since: RecordOf<"agent.state">;
}

interface Instance {
  state: RecordOf<"agent.state"> | null;
  /** What an earlier instance had promised and this one has not taken up yet. */
  owed: Owed | null;
}

/**
 * An owner's word outlives the process that took it: a paused agent comes back paused, and a withdrawing one goes on
 * withdrawing (docs/cases.md, cases 34 and 59; I6).
 */
export const wordKept = checkerOf("a pause and a withdrawal survive a restart (I6)", () => {
  const instances = new Instances<Instance>(() => ({ state: null, owed: null }));
  let restarts = 0;

  const breaks = (record: HistoryRecord, what: string): Violation | null => {
    const { owed } = instances.of(record.source);
    if (owed === null) return null;
    return violation(`an agent that was ${owed.word} came back and ${what}`, owed.since, record);
  };

  return {
    on: {
      "agent.started": (record) => {
        const owed = owedBy(instances.started(record));
        if (owed === null) return;
        restarts += 1;
        instances.of(record.source).owed = owed;
      },
      "agent.state": (record) => {
        const instance = instances.of(record.source);
        const { to } = record.data;
        instance.state = record;
        if (to === "Withdrawing" || (to === "Paused" && instance.owed?.word === "Paused")) instance.owed = null;
        const wrong = instance.owed?.word === "Withdrawing" ? breaks(record, `went to ${to}`) : null;
        if (to === "Withdrawn") instances.forget(record.source);
        return wrong;
      },
      "agent.offer": (record) => (record.data.answer === "accepted" ? breaks(record, "took an offer") : null),
      "agent.execution": (record) => (record.data.to === "spawning" ? breaks(record, "started a job") : null),
      "agent.thawed": ({ source }) => letGo(instances.of(source)),
      "witness.resume": ({ data: { agentId } }) => letGo(instances.ofAgent(agentId ?? "")),
    },
    end: () =>
      restarts === 0 ? undecided("nobody was restarted with a word to keep") : passed(`${restarts} restarts`),
  };
});

/** What an instance that is over leaves to the next one. */
function owedBy(before: Instance | undefined): Owed | null {
  const since = before?.state ?? null;
  const word = since?.data.to;
  return since !== null && (word === "Paused" || word === "Withdrawing") ? { word, since } : (before?.owed ?? null);
}

/** The pause is called off, whether it was in force, being taken up again, or remembered for the next start. */
function letGo(instance: Instance | undefined): void {
  if (instance === undefined) return;
  if (instance.owed?.word === "Paused") instance.owed = null;
  if (instance.state?.data.to === "Paused") instance.state = null;
}
