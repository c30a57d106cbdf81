import { present } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import { handBack, retryDelayMs } from "./lease-facts.ts";
import type { BrokerOutcome } from "./outcome.ts";
import type { HeldLease, Pause } from "./state.ts";
import type { Turn } from "./turn.ts";
import { startUploadAgain } from "./upload.ts";

/**
 * Tells the broker of a pause in force (WC-2). It names the checkpoints that the broker holds by then; those that could
 * not be brought there yet are brought first, however long the broker is away (I8).
 */
export function continueAcknowledgement(turn: Turn): void {
  const { pause } = turn.core;
  if (pause === null || !mayAcknowledge(turn, pause)) return;
  const held = frozenLeases(turn);
  if (held.some((lease) => lease.checkpoint?.upload === "inFlight")) return;
  if (held.some(({ checkpoint }) => checkpoint?.upload === "waiting" || checkpoint?.upload === "untold")) {
    retryAcknowledgement(turn, pause);
    return;
  }
  const { freezeMs } = present(pause.result, "what is acknowledged has come about");
  pause.acknowledgement = "inFlight";
  turn.emit({
    kind: "notifyPaused",
    generation: present(turn.core.freeze, "a pause in force holds a freeze").generation,
    body: { reason: reasonFor(pause), freezeMs, checkpoints: held.map(handBack) },
  });
}

export function onPausedAnswered(
  turn: Turn,
  { generation, outcome }: { generation: number; outcome: BrokerOutcome<unknown> },
): void {
  const { pause, freeze } = turn.core;
  // The answer to a pause of before says nothing of this one.
  if (pause === null || freeze?.generation !== generation) return;
  // One that was asked for during a shutdown, after a resume, finds the freeze of the one before still in force.
  if (pause.acknowledgement !== "inFlight") return;
  // Whoever is fenced or forgotten enrols again, and then it is heard.
  if (!outcome.ok && (outcome.retriable || outcome.code === "fenced" || outcome.code === "unknown-agent")) {
    sometimes("the acknowledgement of a pause was repeated");
    pause.acknowledgement = "waiting";
    retryAcknowledgement(turn, pause);
    return;
  }
  pause.acknowledgement = "done";
  if (!outcome.ok) turn.log("warn", `The broker does not take the pause: ${outcome.message}`);
}

export function onAcknowledgeTimer(turn: Turn): void {
  for (const lease of frozenLeases(turn)) startUploadAgain(turn, lease);
  continueAcknowledgement(turn);
}

function mayAcknowledge({ core }: Turn, pause: Pause): boolean {
  return pause.result !== null && pause.acknowledgement === "waiting" && core.shutdown === null;
}

/** What its owner works on is none of the broker's business. */
function reasonFor({ by, reason }: Pause): string {
  return by === "activity" ? "owner activity" : reason;
}

function frozenLeases(turn: Turn): HeldLease[] {
  return turn.leases().filter((lease) => lease.stage === "running");
}

function retryAcknowledgement(turn: Turn, pause: Pause): void {
  pause.acknowledgeAttempts += 1;
  turn.setTimer("acknowledge", { delayMs: retryDelayMs(pause.acknowledgeAttempts), jitterRatio: 0.2 });
}
