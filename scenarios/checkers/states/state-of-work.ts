import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

interface Instance {
  /** What was last told of each job that has processes, by lease. */
  readonly live: Map<string, RecordOf<"agent.execution">>;
  state: RecordOf<"agent.state"> | null;
  frozen: RecordOf<"agent.frozen"> | null;
  /** The leases saved in the freeze in force. */
  readonly saved: Set<string>;
  leaving: boolean;
}

/**
 * An agent is Working exactly while it has a job's processes on its host, also when it comes back from a pause; and
 * what a freeze and its end count are jobs that run, those with a checkpoint among them.
 */
export const stateOfWork = checkerOf("an agent is Working exactly while it holds a sandbox (I4)", () => {
  const instances = new Instances<Instance>(() => ({
    ...{ live: new Map(), state: null, frozen: null, leaving: false },
    saved: new Set<string>(),
  }));
  let looks = 0;

  const matches = (record: RecordOf<"agent.woke"> | RecordOf<"agent.state">): Violation | null => {
    const { state, live } = instances.of(record.source);
    const to = state?.data.to;
    if (to !== "Idle" && to !== "Working") return null;
    looks += 1;
    if ((to === "Working") === live.size > 0) return null;
    const [job] = live.values();
    return violation(`an agent is ${to} with ${live.size} jobs on its host`, job, state, record);
  };
  const count = ({ live }: Instance): number => [...live.values()].filter(({ data }) => data.to === "running").length;
  return {
    on: {
      "agent.started": (record) => {
        instances.of(record.source);
        instances.started(record);
      },
      "agent.execution": (record) => {
        const { live, saved } = instances.of(record.source);
        const { to, leaseId } = record.data;
        if (to === "running" || to === "killing") live.set(leaseId, record);
        else live.delete(leaseId);
        if (to !== "running") saved.delete(leaseId);
      },
      "agent.state": (record) => {
        instances.of(record.source).state = record;
        return matches(record);
      },
      "agent.woke": matches,
      "agent.shutdown": ({ source }) => {
        instances.of(source).leaving = true;
      },
      "agent.checkpoint": ({ source, data: { leaseId } }) => {
        const { saved, live } = instances.of(source);
        if (live.has(leaseId)) saved.add(leaseId);
      },
      "agent.frozen": (record) => {
        const instance = instances.of(record.source);
        instance.frozen = record;
        const { sandboxes } = record.data;
        if (sandboxes <= count(instance) && sandboxes >= instance.saved.size) return;
        return violation(`${sandboxes} sandboxes were frozen, and ${count(instance)} jobs run`, record);
      },
      "agent.thawed": (record) => {
        const instance = instances.of(record.source);
        const { frozen, saved, leaving } = instance;
        // A pause that is called off on the way out lets nothing go on.
        if (leaving) return;
        const { sandboxes } = record.data;
        const enough = sandboxes >= saved.size;
        saved.clear();
        instance.frozen = null;
        if (frozen === null || (enough && sandboxes <= frozen.data.sandboxes)) return;
        return violation(`of ${frozen.data.sandboxes} frozen sandboxes ${sandboxes} went on`, frozen, record);
      },
    },
    end: () => (looks === 0 ? undecided("no agent was in touch") : passed(`${looks} looks`)),
  };
});
