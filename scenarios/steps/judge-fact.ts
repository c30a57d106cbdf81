import type { AgentStatus } from "../../protocol/control.ts";
import { isTerminalExecution } from "../../protocol/execution-states.ts";
import type { JobState } from "../../protocol/job-states.ts";
import { type Fact, isWithin } from "./facts.ts";

/** How a stage is looked at; nothing here waits for anything to come. */
export interface Looks {
  /** What the agent shows its owner; undefined when nobody answers. */
  status(agent: string): Promise<AgentStatus | undefined>;
  hasProcess(agent: string): boolean;
  hasHome(agent: string): boolean;
  /** The state of each job of the batch; undefined when the broker does not answer. */
  jobs(batch: string): Promise<readonly JobState[] | undefined>;
  brokerAnswers(): Promise<boolean>;
}

export interface Judged {
  readonly holds: boolean;
  /** What was seen, whether it holds or not. */
  readonly seen: string;
}

/** Looks whether a fact holds at this moment. Who does not answer shows nothing, so nothing of it holds. */
export async function judgeFact(looks: Looks, fact: Fact): Promise<Judged> {
  switch (fact.fact) {
    case "process": {
      const seen = looks.hasProcess(fact.agent) ? "running" : "ended";
      return { holds: seen === fact.is, seen };
    }
    case "home": {
      const seen = looks.hasHome(fact.agent) ? "there" : "gone";
      return { holds: seen === fact.is, seen };
    }
    case "broker": {
      const seen = (await looks.brokerAnswers()) ? "up" : "down";
      return { holds: seen === fact.is, seen };
    }
    case "jobs": {
      const states = await looks.jobs(fact.batch);
      if (states === undefined) return { holds: false, seen: "the broker does not answer" };
      const count = states.filter((state) => state === fact.state).length;
      return { holds: isWithin(count, fact), seen: `${count} of ${states.length} ${fact.state}` };
    }
    case "state":
    case "leases":
    case "sandboxes-running":
    case "ledger-entries":
    case "broker-heard": {
      const status = await looks.status(fact.agent);
      return status === undefined ? { holds: false, seen: `${fact.agent} does not answer` } : shown(status, fact);
    }
  }
}

type OfStatus = Extract<Fact, { fact: "state" | "leases" | "sandboxes-running" | "ledger-entries" | "broker-heard" }>;

function shown({ state, pausedBy, sandboxes, ledgerEntries, brokerReachable }: AgentStatus, fact: OfStatus): Judged {
  switch (fact.fact) {
    case "state":
      // Who is paused by nobody says something wrong of itself.
      if (state === "Paused" && pausedBy === null) return { holds: false, seen: "Paused by nobody" };
      return { holds: state === fact.is, seen: state };
    case "leases":
      return { holds: isWithin(sandboxes.length, fact), seen: `${sandboxes.length} leases` };
    case "sandboxes-running": {
      const states = sandboxes.map(({ execution }) => execution).filter((execution) => !isTerminalExecution(execution));
      const seen = states.length === 0 ? "none" : states.join(", ");
      return { holds: isWithin(states.length, fact), seen };
    }
    case "ledger-entries":
      return { holds: isWithin(ledgerEntries, fact), seen: `${ledgerEntries} entries` };
    case "broker-heard":
      return { holds: brokerReachable === fact.is, seen: brokerReachable ? "it is heard" : "it is not heard" };
  }
}
