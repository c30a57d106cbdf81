import type { AgentInput } from "../../../../agent/core/input.ts";
import { assert, present } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf, leaseBefore } from "./agent-step.ts";
import { assertEmptied } from "./emptied.ts";

type Of<T extends AgentInput["type"]> = Extract<AgentInput, { type: T }>;

/** A job runs where nothing stands still, and what cannot be started leaves its place empty. */
export function auditSandboxes(step: AgentStep): void {
  const { input } = step;
  auditSpawned(step);
  if (input.type === "sandboxPrepared") auditPrepared(step, input);
  else if (input.type === "sandboxStarted") auditStarted(step, input);
  else if (input.type === "sandboxPrepareFailed" || input.type === "sandboxStartFailed") auditFailed(step, input);
}

/** Nothing is spawned that would have to stand still at once, nor before the journal says so (I6). */
function auditSpawned(step: AgentStep): void {
  const { after, effects } = step;
  for (const [at, effect] of effects.entries()) {
    if (effect.kind !== "startSandbox") continue;
    const { leaseId } = effect;
    // A periodic freeze may begin in the same turn, and stops it when it is there.
    const mayRun = after.freeze === null || effects.slice(at).some(({ kind }) => kind === "freezeAll");
    assert(mayRun && after.shutdown === null && after.withdrawal === null, "nothing is spawned to stop");
    const lease = present(after.leases[leaseId], "what is spawned is held");
    assert(lease.stage === "spawning" && lease.stop === null, "what is spawned is not to stop");
    assert(lease.spawnedInBoot === after.bootId, "in which boot it was spawned is known");
    const isNoted = effects
      .slice(0, at)
      .some((earlier) => earlier.kind === "remember" && earlier.note.key === `lease:${leaseId}`);
    assert(isNoted, "before its first process can bring this one down");
  }
}

function auditPrepared(step: AgentStep, { leaseId, workspace }: Of<"sandboxPrepared">): void {
  const { after } = step;
  const was = present(leaseBefore(step, leaseId), "what is prepared is held");
  const now = after.leases[leaseId];
  if (was.stop !== null) {
    assertEmptied(step, was, now);
    return;
  }
  assert(now?.sandbox?.workspace === workspace, "its place is known");
  const mayRun = after.freeze === null && after.shutdown === null && after.withdrawal === null;
  if (mayRun) assert(now.stage === "spawning", "what is prepared is spawned");
  else {
    const isCaught = now.stage === "spawning" && step.before.freeze === null && after.freeze !== null;
    assert(now.stage === "held" || now.stop !== null || isCaught, "or held until it may be");
  }
}

function auditStarted(step: AgentStep, { leaseId, pid }: Of<"sandboxStarted">): void {
  const { before, after } = step;
  const was = present(leaseBefore(step, leaseId), "what was spawned is held");
  const now = present(after.leases[leaseId], "what was started is held");
  assert(now.sandbox?.pid === pid, "its first process is known");
  if (before.freeze !== null) {
    const isStopped = effectsOf(step, "freezeAll").some(({ generation }) => generation === before.freeze?.generation);
    assert(isStopped, "who comes late to a freeze is stopped too");
  }
  if (was.stop !== null) {
    assert(
      now.stage === "ending" && now.endInFlight && now.execution === "killing",
      "who was to stop is ended at once",
    );
    return;
  }
  assert(now.stage === "running" || now.stop !== null, "what was started runs");
  const others = before.leaseList.some(({ stage }) => stage === "running");
  const isTimed = effectsOf(step, "setTimer").some(({ name }) => name === "periodic");
  assert(isTimed !== others, "the first that runs is saved after its time, and the others with it");
}

/** Not the job's fault: it goes back at once, and is not tried again here for a while. */
function auditFailed(
  step: AgentStep,
  { leaseId, reason }: Of<"sandboxPrepareFailed"> | Of<"sandboxStartFailed">,
): void {
  const { before, after, nowMs } = step;
  const was = present(leaseBefore(step, leaseId), "what could not be started was to be");
  const now = after.leases[leaseId];
  const untilMs = nowMs + before.timing.startAgainAfterMs;
  const wanted = [...before.unspawnableJobs, { jobId: was.jobId, untilMs }].slice(-64);
  const known = after.unspawnableJobs;
  const isKnown =
    known.length === wanted.length &&
    wanted.every(({ jobId, untilMs: until }, at) => known[at]?.jobId === jobId && known[at].untilMs === until);
  assert(isKnown, "what could not be started is kept in mind for its time");
  const forgets = effectsOf(step, "remember").some(
    ({ note }) => note.key === `lease:${leaseId}` && note.value !== null && "spawnedInBoot" in note.value,
  );
  assert(forgets === (was.spawnedInBoot !== null), "what never ran is to blame for nothing");
  const isTold = effectsOf(step, "record").some(
    ({ type, data }) => type === "agent.execution" && data.leaseId === leaseId && data.to === "failed",
  );
  assert(isTold === (was.stage === "spawning"), "what was not being spawned has not failed");
  assertEmptied(step, was, now);
  if (now === undefined) return;
  assert(now.startFailed && now.spawnedInBoot === null, "that it never ran is known");
  if (now.stop?.after !== "return") return;
  assert(now.stop.why.length <= 500 && now.stop.why.includes(reason.slice(0, 100)), "and why");
}
