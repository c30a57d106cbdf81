import { checkerOf, passed, type RecordOf, undecided } from "./checker.ts";
import { Instances } from "./instances.ts";
import { violation } from "./story.ts";

interface Instance {
  contact: RecordOf<"agent.broker"> | null;
}

/**
 * An agent says when it has the broker and when it has lost it, and each only when that changes. Nobody is enrolled by a
 * broker that was not heard (EG-5).
 */
export const brokerContact = checkerOf(
  "an agent says so when it has or has lost the broker, and then only (WC-5)",
  () => {
    const instances = new Instances<Instance>(() => ({ contact: null }));
    let changes = 0;
    return {
      on: {
        "agent.started": (record) => void instances.started(record),
        "agent.broker": (record) => {
          const instance = instances.of(record.source);
          const { contact } = instance;
          instance.contact = record;
          changes += 1;
          if (record.data.reachable !== (contact?.data.reachable ?? false)) return null;
          return violation("an agent said what it had said before of the broker", contact, record);
        },
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
