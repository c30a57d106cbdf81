import { agentLimits } from "../../../../agent/core/limits.ts";
import { assert } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf } from "./agent-step.ts";

/** How an instance comes up: it knows what an earlier one left, ends what runs, and blames a job only for what it did. */
export function auditStart(step: AgentStep): void {
  if (step.input.type === "straysEnded") auditStrays(step, step.input.left.length);
  if (step.input.type !== "started") return;
  const { after, input } = step;
  const { recovered, mayEnrol } = input;
  const { withdrawal, enrolmentSent } = recovered;
  const started = effectsOf(step, "record").find(({ type }) => type === "agent.started");
  assert(started?.type === "agent.started", "an instance that comes up says so");
  assert(started.data.resumed === (enrolmentSent || withdrawal !== null), "it says whether there was one before it");
  for (const { leaseId, checkpoint, uploaded, report } of recovered.leases) {
    const lease = after.leases[leaseId];
    assert(lease !== undefined, "a lease of an earlier instance is held until it has gone back");
    if (checkpoint === null) continue;
    assert(after.freezeGeneration >= checkpoint.generation, "a new freeze is none of an earlier instance");
    if (report === null && lease.checkpoint?.upload !== "inFlight")
      assert(lease.checkpoint?.upload === (uploaded ? "done" : "waiting"), "what was not uploaded still is to be");
  }
  const looks = effectsOf(step, "endStrays");
  if (withdrawal !== null) {
    assert(after.withdrawal !== null, "a withdrawal that was begun goes on");
    return;
  }
  auditDeaths(step);
  const enrols = effectsOf(step, "enrol").length > 0;
  if (!mayEnrol) {
    assert(!enrols && looks.length === 0, "whoever comes up to withdraw does nothing else");
    return;
  }
  assert(looks.length === (recovered.strays ? 1 : 0), "what may still run is looked for before anything else");
  assert(enrols === !recovered.strays, "nobody enrols while jobs of an earlier instance may run");
  for (const { everything, graceMs, deadlineMs } of looks) {
    assert(!everything, "strays are an earlier instance's");
    assert(deadlineMs === graceMs + agentLimits.unkillableAfterMs, "what cannot be killed is not waited for");
  }
}

function auditStrays(step: AgentStep, left: number): void {
  const { before, after } = step;
  if (before.withdrawal !== null) return;
  const complaints = effectsOf(step, "log").filter(({ level }) => level === "error");
  assert(complaints.length > 0 === left > 0, "the owner hears of what could not be ended");
  const mayBegin = before.agent === "Enrolling" && before.shutdown === null;
  const wiped = effectsOf(step, "wipeLeftovers");
  assert(wiped.length === (mayBegin ? 1 : 0), "what an earlier instance left is wiped before this one begins");
  for (const { leaseIds } of wiped)
    assert(leaseIds.length === after.leaseList.length, "what is still to go back is not wiped");
}

/** A job is blamed for its agent's death if it ran, and nothing else explains it; what explains it is written down. */
function auditDeaths(step: AgentStep): void {
  const { after, input } = step;
  if (input.type !== "started") return;
  for (const { leaseId, report, spawnedInBoot } of input.recovered.leases) {
    const lease = after.leases[leaseId];
    if (lease === undefined) continue;
    const ran = spawnedInBoot !== null && report === null;
    const isBlamed = ran && input.recovered.pause === null && spawnedInBoot === input.bootId;
    assert(lease.agentDied === isBlamed, `${leaseId} is blamed for what it did`);
    const noted = effectsOf(step, "remember").some(({ note }) => note.key === `lease:${leaseId}`);
    assert(noted === (ran && !isBlamed), "what explains a death is written down");
  }
}
