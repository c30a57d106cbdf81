import { assert, present } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import { revoke } from "./agent-notices.ts";
import { endBackoff } from "./backoff.ts";
import { expireBlob } from "./checkpoints.ts";
import { redeliverJob, requeueJob } from "./grants.ts";
import type { KnownAgent } from "./known-agent.ts";
import type { GrantRecord, JobRecord } from "./records.ts";
import { type Turn, persistAgent, record } from "./turn.ts";
import { expireUpload } from "./uploads.ts";

/**
 * Does what is due by now: lapsed offers, expired leases, waits that are over, silent agents, forgotten uploads. Runs
 * before every input, so that nothing is decided by a lease that is over, however late the machine's timer is
 * (docs/cases.md, case 2).
 */
export function runDeadlines(turn: Turn): void {
  const { alarms } = turn.state;
  for (;;) {
    const alarm = alarms.takeDue(turn.nowMs);
    if (alarm === undefined) return;
    if (alarm.kind === "agent") checkSilence(turn, alarm);
    else if (alarm.kind === "job") checkJob(turn, alarm.id);
    else if (alarm.kind === "blob") expireBlob(turn, alarm.id);
    else expireUpload(turn, alarm.id);
  }
}

function checkJob(turn: Turn, jobId: string): void {
  const job = turn.state.jobs.get(jobId);
  // Forgotten by now.
  if (job === undefined) return;
  if (job.grant === null) endBackoff(turn, job);
  else checkGrant(turn, job, job.grant);
}

function checkGrant(turn: Turn, job: JobRecord, { expiresAt, agentId }: GrantRecord): void {
  const { jobId } = job;
  if (expiresAt > turn.nowMs) {
    turn.state.alarms.ensure("job", jobId, expiresAt);
  } else if (job.state === "offered") {
    sometimes("an offer lapsed unanswered");
    requeueJob(turn, job, { how: "offer-lapsed", reason: "the offer was not accepted in time" });
  } else if (turn.state.agents.get(agentId)?.standing === "lost") {
    redeliverJob(turn, job, { how: "agent-lost", reason: "its agent is lost and the lease expired" });
  } else {
    sometimes("a lease expired at an agent that was not lost");
    redeliverJob(turn, job, { how: "expired", reason: "the lease expired without a renewal" });
  }
}

function checkSilence(turn: Turn, agent: KnownAgent): void {
  const { state, nowMs } = turn;
  const { activityTimeoutMs, revokeLostAfterMs } = state.timing;
  const { agentId, standing } = agent;
  if (standing === "active") {
    const lostAt = agent.lastSeenAt + activityTimeoutMs;
    if (lostAt > nowMs) {
      state.alarms.ensureAgent(agent, lostAt);
      return;
    }
    sometimes("an agent was lost");
    agent.standing = "lost";
    agent.lostAt = nowMs;
    agent.slotsFree = 0;
    state.hungry.delete(agent);
    persistAgent(turn, agent);
    record(turn, "broker.agent", { agentId, standing: "lost", reason: `no sign of life for ${activityTimeoutMs} ms` });
    state.alarms.ensureAgent(agent, nowMs + revokeLostAfterMs);
  } else if (standing === "lost") {
    const lostAt = present(agent.lostAt, "a lost agent is lost since a moment");
    assert(lostAt + revokeLostAfterMs <= nowMs, "the alarm of a lost agent was set when it was lost");
    sometimes("a lost agent was revoked");
    revoke(turn, agent, `lost for ${revokeLostAfterMs} ms; the revocation that it signed at enrolment was applied`);
  } else if (standing === "shutdown") {
    checkReturn(turn, agent);
  }
}

/** A later instance may have withdrawn without being heard, and nobody can tell that from a host that is off. */
function checkReturn(turn: Turn, agent: KnownAgent): void {
  const { state, nowMs } = turn;
  const { revokeShutdownAfterMs } = state.timing;
  const dueMs = agent.lastSeenAt + revokeShutdownAfterMs;
  if (dueMs > nowMs) {
    state.alarms.ensureAgent(agent, dueMs);
    return;
  }
  sometimes("an agent that had shut down and did not come back was revoked");
  const away = `shut down, and away for ${revokeShutdownAfterMs} ms`;
  revoke(turn, agent, `${away}; the revocation that it signed at enrolment was applied`);
}
