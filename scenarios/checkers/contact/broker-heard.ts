import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation } from "../story.ts";

/** What the store may take before an answer leaves, in milliseconds. */
const storeMsMax = 100;

interface Instance {
  heard: RecordOf<"agent.broker"> | null;
}

/**
 * A duty: where nothing breaks the broker is heard before anybody works for it, and nobody says that it does not
 * answer: no answer takes as long as its caller waits, unless the way there and back does.
 */
export const brokerHeard = checkerOf(
  "a broker that answers is heard (WC-1)",
  dutyOf("latencyMsMax", "requestTimeoutMs"),
  ({ latencyMsMax, requestTimeoutMs }) => {
    const isSlow = 2 * latencyMsMax + storeMsMax > requestTimeoutMs;
    const instances = new Instances<Instance>(() => ({ heard: null }));
    let enrolled = 0;
    return {
      on: {
        "agent.started": (record) => void instances.started(record),
        "agent.broker": (record) => {
          if (!record.data.reachable && isSlow) return;
          if (!record.data.reachable) return violation("nothing breaks, and the broker is said not to answer", record);
          instances.of(record.source).heard = record;
          return;
        },
        "agent.state": (record) => {
          if (record.data.event !== "enrolled") return;
          enrolled += 1;
          if (instances.of(record.source).heard !== null) return;
          return violation("the agent has enrolled, and has not said that the broker answers", record);
        },
      },
      end: () => (enrolled === 0 ? undecided("nobody enrolled") : passed(`${enrolled} enrolments`)),
    };
  },
);
