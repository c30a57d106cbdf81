import { type BrokerOutcome, wasHeard } from "./outcome.ts";
import { flushReports } from "./report.ts";
import type { Turn } from "./turn.ts";

/** Notes whether the broker was heard; when it is back, whatever waits for it is sent at once. */
export function noteContact(turn: Turn, outcome: BrokerOutcome<unknown>): void {
  const reachable = wasHeard(outcome);
  turn.core.brokerSilence = outcome.ok || reachable ? null : outcome.message;
  if (turn.core.brokerReachable === reachable) return;
  turn.core.brokerReachable = reachable;
  const detail = outcome.ok ? "the broker answered" : outcome.message;
  turn.record("agent.broker", { reachable, detail });
  turn.log(reachable ? "info" : "warn", reachable ? "The broker answers." : `The broker does not answer: ${detail}`);
  if (reachable) flushReports(turn);
}

/** What the broker has against the call, in words; null where it took it, or was not heard. */
export function refusalIn(outcome: BrokerOutcome<unknown>): string | null {
  return outcome.ok || !wasHeard(outcome) ? null : `${outcome.code}: ${outcome.message}`;
}
