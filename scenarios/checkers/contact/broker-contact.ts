import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

type Heard = RecordOf<"witness.agent-call"> | RecordOf<"witness.lease-call">;

interface Instance {
  contact: RecordOf<"agent.broker"> | null;
  /** The last call of which it heard how it ended, if it has not said since what that means. */
  heard: Heard | null;
}

/**
 * An agent says when it has the broker and when it has lost it: as soon as a call tells so, and each only when that
 * changes. Nobody is enrolled by a broker that was not heard (EG-5).
 */
export const brokerContact = checkerOf(
  "an agent says so when it has or has lost the broker, and then only (WC-5)",
  () => {
    const instances = new Instances<Instance>(() => ({ contact: null, heard: null }));
    let changes = 0;
    const called = (record: Heard): Violation | null => {
      const { instanceId, outcome } = record.data;
      const instance = instances.of(instanceId);
      const { contact, heard } = instance;
      instance.heard = outcome === "sent" ? null : record;
      if (heard === null || heard.at === record.at) return null;
      const isReachable = heard.data.outcome !== "unreachable";
      if (isReachable === (contact?.data.reachable ?? false)) return null;
      return violation(`a call was ${heard.data.outcome}, and its agent did not say so of the broker`, heard, record);
    };
    return {
      on: {
        "agent.started": (record) => void instances.started(record),
        "agent.broker": (record) => {
          const instance = instances.of(record.source);
          const { contact } = instance;
          instance.contact = record;
          instance.heard = null;
          changes += 1;
          if (record.data.reachable !== (contact?.data.reachable ?? false)) return null;
          return violation("an agent said what it had said before of the broker", contact, record);
        },
        "witness.agent-call": called,
        "witness.lease-call": called,
        "agent.state": (record) => {
          if (record.data.event !== "enrolled") return null;
          const { contact } = instances.of(record.source);
          if (contact?.data.reachable === true) return null;
          return violation("an agent was enrolled by a broker that it had not heard", contact, record);
        },
      },
      end: () => (changes === 0 ? undecided("nobody heard the broker") : passed(`${changes} changes`)),
    };
  },
);
