import type { AgentState } from "../../../protocol/agent-states.ts";
import { type ExecutionState, isTerminalExecution } from "../../../protocol/execution-states.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

interface Instance {
  state: AgentState;
  /** What it said last of the broker, if it said anything. */
  contact: RecordOf<"agent.broker"> | null;
  /** It shuts down: a pause that is asked for now is one of its next start. */
  leaving: boolean;
  /** By lease, the last step of its execution. */
  readonly executions: Map<string, RecordOf<"agent.execution">>;
}

/**
 * What an agent shows its owner is what it told of itself in the history: its state, whether the broker answers,
 * whether a pause is still to come, and every sandbox, with a pid exactly while the job's processes are on the host.
 */
export const statusTrue = checkerOf("the status shows what is (WC-5)", () => {
  const instances = new Instances<Instance>(() => ({
    state: "Enrolling",
    contact: null,
    leaving: false,
    executions: new Map(),
  }));
  let looks = 0;
  return {
    on: {
      "agent.started": (record) => void instances.started(record),
      "agent.state": ({ source, data }) => {
        instances.of(source).state = data.to;
      },
      "agent.shutdown": ({ source }) => {
        instances.of(source).leaving = true;
      },
      "agent.broker": (record) => {
        instances.of(record.source).contact = record;
      },
      "agent.execution": (record) => {
        instances.of(record.source).executions.set(record.data.leaseId, record);
      },
      "witness.resource": ({ data: { agentId, change, resource } }) => {
        if (change !== "gone") return;
        const leaseId = /^directory:.*\/sandboxes\/([^/]+)$/.exec(resource)?.[1];
        if (leaseId !== undefined) instances.ofAgent(agentId)?.executions.delete(leaseId);
      },
      "witness.status": (record) => {
        looks += 1;
        const instance = instances.of(record.data.instanceId);
        return wrongState(record, instance) ?? wrongSandboxes(record, instance);
      },
    },
    end: () => (looks === 0 ? undecided("nobody looked at a status") : passed(`${looks} looks`)),
  };
});

function wrongState(record: RecordOf<"witness.status">, instance: Instance): Violation | null {
  const { state, pauseAsked, pauseWaits, brokerReachable } = record.data;
  const { contact } = instance;
  if (brokerReachable !== (contact?.data.reachable ?? false)) {
    return violation("the status shows the broker otherwise than the agent told of it", contact, record);
  }
  if (state !== instance.state)
    return violation(`the status shows ${state}, and the agent is ${instance.state}`, record);
  if (pauseAsked && state === "Paused" && !instance.leaving)
    return violation("the status shows a pause to come, and it is in force", record);
  if (!pauseWaits || pauseAsked) return null;
  return violation("somebody waits for a pause, and the status shows none to come", record);
}

function wrongSandboxes(record: RecordOf<"witness.status">, { executions }: Instance): Violation | null {
  const shown = new Set<string>();
  for (const { leaseId, execution, pid } of record.data.sandboxes) {
    const last = executions.get(leaseId);
    const known: ExecutionState = last?.data.to ?? "spawning";
    shown.add(leaseId);
    if (execution !== known) {
      return violation(`the status shows ${leaseId} as ${execution}, and it is ${known}`, last, record);
    }
    if ((pid !== null) !== (known === "running" || known === "killing")) {
      return violation(`${leaseId} is ${known}, and the status shows ${pid ?? "no"} pid of it`, last, record);
    }
  }
  for (const [leaseId, last] of executions) {
    if (!isTerminalExecution(last.data.to) && !shown.has(leaseId)) {
      return violation(`${leaseId} is ${last.data.to}, and the status does not show it`, last, record);
    }
  }
  return null;
}
