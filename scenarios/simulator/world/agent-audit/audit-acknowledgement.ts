import { agentLimits } from "../../../../agent/core/limits.ts";
import { assert } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf } from "./agent-step.ts";

/** What stands in the way of an acknowledgement is brought out of it first (WC-2). */
export function auditAcknowledgement(step: AgentStep): void {
  const { after, before, input } = step;
  const running = after.leaseList.filter(({ stage }) => stage === "running");
  for (const { body, generation } of effectsOf(step, "notifyPaused")) {
    assert(after.pause?.acknowledgement === "inFlight", "an acknowledgement on its way is awaited");
    assert(generation === after.freeze?.generation, "what is acknowledged is the freeze in force");
    assert(
      running.every(({ checkpoint }) => !["inFlight", "waiting", "untold"].includes(checkpoint?.upload ?? "done")),
      "what is acknowledged is with the broker",
    );
    const isOwners = after.pause.by === "activity";
    assert(body.reason === (isOwners ? "owner activity" : after.pause.reason), "the broker hears the reason");
  }
  if (input.type === "timer" && input.name === "acknowledge")
    assert(
      running.every(({ checkpoint }) => checkpoint?.upload !== "waiting" && checkpoint?.upload !== "untold"),
      "what the acknowledgement waits for is brought to the broker",
    );
  if (input.type !== "pausedAnswered" || before.pause?.acknowledgement !== "inFlight" || after.pause === null) return;
  if (before.freeze?.generation !== input.generation) {
    assert(after.pause.acknowledgement === "inFlight", "the answer to another pause says nothing of this one");
    return;
  }
  const { outcome } = input;
  const again = !outcome.ok && (outcome.retriable || outcome.code === "fenced" || outcome.code === "unknown-agent");
  assert(
    after.pause.acknowledgement === (again ? "waiting" : "done"),
    "an acknowledgement is repeated until it is heard",
  );
  if (!again) return;
  const timer = effectsOf(step, "setTimer").find(({ name }) => name === "acknowledge");
  const attempts = before.pause.acknowledgeAttempts + 1;
  assert(after.pause.acknowledgeAttempts === attempts, "each failure makes the next wait longer");
  const { retryMsMin, retryMsMax } = agentLimits;
  assert(timer !== undefined && timer.delayMs <= Math.min(retryMsMax, retryMsMin * 2 ** attempts), "it comes soon");
}
