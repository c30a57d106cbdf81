import type { AgentTurn } from "../../../../agent/core/agent.ts";
import type { AgentInput } from "../../../../agent/core/input.ts";
import type { AgentCore } from "../../../../agent/core/state.ts";
import type { AgentStep } from "./agent-step.ts";
import { auditAcknowledgement } from "./audit-acknowledgement.ts";
import { auditCooperation } from "./audit-cooperation.ts";
import { auditFreezes } from "./audit-freezes.ts";
import { auditStart } from "./audit-start.ts";
import { auditOffers } from "./audit-offers.ts";
import { auditGrants } from "./audit-grants.ts";
import { auditRunOut } from "./audit-run-out.ts";
import { auditReports } from "./audit-reports.ts";
import { auditUploads } from "./audit-uploads.ts";
import { auditNamed, auditNotes } from "./audit-notes.ts";
import { auditSandboxes } from "./audit-sandboxes.ts";
import { auditEnds } from "./audit-ends.ts";
import { auditShutdown } from "./audit-shutdown.ts";
import { auditStops } from "./audit-stops.ts";
import { auditWithdrawalBroker } from "./audit-withdrawal-broker.ts";
import { auditWithdrawalHost } from "./audit-withdrawal-host.ts";
import { auditWithdrawalTime } from "./audit-withdrawal-time.ts";

/**
 * Looks at one decision of the agent from the outside: what it did with each lease, with its owner's wishes and with
 * the broker's answers is what the rules say, whatever the code that decided it looks like.
 *
 * @throws AssertionError when not
 */
export function auditAgent(step: AgentStep): void {
  auditStart(step);
  auditStops(step);
  auditFreezes(step);
  auditCooperation(step);
  auditAcknowledgement(step);
  auditOffers(step);
  auditGrants(step);
  auditRunOut(step);
  auditReports(step);
  auditUploads(step);
  auditNotes(step);
  auditNamed(step);
  auditSandboxes(step);
  auditEnds(step);
  auditShutdown(step);
  auditWithdrawalTime(step);
  auditWithdrawalBroker(step);
  auditWithdrawalHost(step);
}

/** What a decision is judged by: taken before it is made, because the reducer changes its state in place. */
export function copyOf(core: AgentCore): AgentCore {
  const { cooperation, freeze, pause, activity, shutdown, withdrawal } = core;
  return {
    ...core,
    heartbeat: { ...core.heartbeat },
    leases: {},
    leaseList: core.leaseList.map((lease) => ({ ...lease, checkpoint: lease.checkpoint && { ...lease.checkpoint } })),
    cooperation: cooperation && { ...cooperation },
    freeze: freeze && { ...freeze },
    pause: pause && { ...pause, waiting: [...pause.waiting] },
    activity: activity && { ...activity },
    shutdown: shutdown && { ...shutdown, told: [...shutdown.told] },
    withdrawal: withdrawal && {
      ...withdrawal,
      record: { ...withdrawal.record },
      waiting: [...withdrawal.waiting],
    },
    unspawnableJobs: [...core.unspawnableJobs],
  };
}

export function stepOf(before: AgentCore, input: AgentInput, { state, effects }: AgentTurn, nowMs: number): AgentStep {
  return { before, input, after: state, effects, nowMs };
}
