import { type AgentEvent, agentTransition } from "../../../protocol/agent-states.ts";
import { executionTransition, isTerminalExecution } from "../../../protocol/execution-states.ts";
import { isTerminalJob, jobSuccessors } from "../../../protocol/job-states.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { Instances } from "../instances.ts";
import { Recent } from "../recent.ts";
import { violation, type Violation } from "../story.ts";

interface Instance {
  started: RecordOf<"agent.started"> | null;
  state: RecordOf<"agent.state"> | null;
  readonly executions: Map<string, RecordOf<"agent.execution">>;
}

/** Nobody asks for these: an agent to which the table refuses one has lost count of itself. */
const ownSteps: ReadonlySet<AgentEvent> = new Set(["enrolled", "workStarted", "workEnded", "paused", "withdrawn"]);

/**
 * I4: every observed step of an agent, an execution or a job is one that its table has, and goes on from the last one
 * of that instance, lease or job; what is final stays. It is how a real run is held against the very tables by which
 * the reducers decide.
 */
export const transitions = checkerOf("every transition follows the tables (I4)", () => {
  const instances = new Instances<Instance>(() => ({ started: null, state: null, executions: new Map() }));
  const ended = new Recent<RecordOf<"agent.execution">>();
  const jobs = new Map<string, RecordOf<"broker.job">>();
  const settled = new Recent<RecordOf<"broker.job">>();
  const forgotten = new Set<string>();
  /** A store that is taken back makes an offer again under the lease that it had, and its holder may have ended it. */
  const offeredAnew = new Set<string>();
  let observed = 0;
  return {
    on: {
      "agent.started": (record) => {
        const before = instances.started(record);
        instances.of(record.source).started = record;
        for (const [leaseId, execution] of before?.executions ?? []) ended.set(leaseId, execution);
      },
      "agent.state": (record) => {
        observed += 1;
        const instance = instances.of(record.source);
        const last = instance.state;
        instance.state = record;
        return wrongState(record, last, instance.started) ?? wrongBusy(record, instance);
      },
      "agent.refused": (record) => {
        const { event, state } = record.data;
        if (!ownSteps.has(event)) return;
        return violation(`an agent that is ${state} took ${event} for possible, which the table refuses`, record);
      },
      "agent.execution": (record) => {
        observed += 1;
        const { leaseId, to } = record.data;
        const { executions } = instances.of(record.source);
        const again = record.data.from === null && offeredAnew.has(record.data.jobId);
        const last = executions.get(leaseId) ?? (again ? undefined : ended.get(leaseId));
        if (!isTerminalExecution(to)) executions.set(leaseId, record);
        else {
          executions.delete(leaseId);
          ended.set(leaseId, record);
        }
        return wrongExecution(record, last);
      },
      "broker.job": (record) => {
        observed += 1;
        const { jobId, to } = record.data;
        const last = jobs.get(jobId) ?? settled.get(jobId);
        if (!isTerminalJob(to)) jobs.set(jobId, record);
        else {
          jobs.delete(jobId);
          settled.set(jobId, record);
        }
        return wrongJob(record, last, forgotten.delete(jobId));
      },
      "fault.applied": (record) => {
        for (const jobId of forgottenJobs(record)) {
          jobs.delete(jobId);
          settled.delete(jobId);
          forgotten.add(jobId);
          offeredAnew.add(jobId);
        }
      },
    },
    end: () => (observed === 0 ? undecided("nobody reported a transition") : passed(`${observed} transitions`)),
  };
});

function wrongState(
  record: RecordOf<"agent.state">,
  last: RecordOf<"agent.state"> | null,
  started: RecordOf<"agent.started"> | null,
): Violation | null {
  const { from, to, event } = record.data;
  if (last === null && started !== null && from !== "Enrolling") {
    return violation(`an instance began as ${from}, which only goes on from Enrolling`, started, record);
  }
  if (last !== null && last.data.to !== from) {
    return violation(`the agent was ${last.data.to} and then went from ${from} to ${to}`, last, record);
  }
  const allowed = [true, false].some((busy) => {
    const transition = agentTransition(from, event, { busy });
    return transition.accepted && transition.to === to;
  });
  if (allowed) return null;
  return violation(`${event} took the agent from ${from} to ${to}, which the table does not have`, last, record);
}

function wrongExecution(
  record: RecordOf<"agent.execution">,
  last: RecordOf<"agent.execution"> | undefined,
): Violation | null {
  const { leaseId, from, to } = record.data;
  const known = last?.data.to ?? null;
  if (known !== null && isTerminalExecution(known)) {
    const summary = `the execution of ${leaseId} went from ${from ?? "nothing"} to ${to}: ${known} is final`;
    return violation(summary, last, record);
  }
  if (known !== from) {
    const summary = `the execution of ${leaseId} was ${known ?? "not begun"} and then went from ${from ?? "nothing"} to ${to}`;
    return violation(summary, last, record);
  }
  if (from === null) {
    return to === "spawning" ? null : violation(`the execution of ${leaseId} began as ${to}`, record);
  }
  const transition = executionTransition(from, to);
  return transition.accepted ? null : violation(`${leaseId}: ${transition.reason}`, last, record);
}

function wrongJob(
  record: RecordOf<"broker.job">,
  last: RecordOf<"broker.job"> | undefined,
  excused: boolean,
): Violation | null {
  const { jobId, from, to } = record.data;
  const known = last?.data.to ?? null;
  if (!excused && known !== from) {
    const was = known === null ? "not there" : known;
    return violation(`${jobId} was ${was} and then went from ${from ?? "nothing"} to ${to}`, last, record);
  }
  const allowed = from === null ? to === "queued" : jobSuccessors[from].includes(to);
  if (allowed) return null;
  return violation(`${jobId} went from ${from ?? "nothing"} to ${to}, which the table does not have`, last, record);
}

/** Whoever holds a sandbox is Working, and whoever is Idle holds none (WC-5). */
function wrongBusy(record: RecordOf<"agent.state">, { executions }: Instance): Violation | null {
  const { to } = record.data;
  if (to !== "Idle" && to !== "Working") return null;
  const held = [...executions.values()].find(({ data }) => data.to === "running" || data.to === "killing");
  if ((held !== undefined) === (to === "Working")) return null;
  return violation(`the agent is ${to} and holds ${held === undefined ? "no" : "a"} sandbox`, held, record);
}
