import type { ProblemCode } from "../../protocol/messages.ts";

/** How a call to the broker ended, as plain data. */
export type BrokerOutcome<T> = { readonly ok: true; readonly value: T } | BrokerFailure;

export interface BrokerFailure {
  readonly ok: false;
  /** The broker's own code, `unreachable` (no answer), or `malformed` (an answer that the protocol does not know). */
  readonly code: ProblemCode | "unreachable" | "malformed";
  /** Whether the same call may succeed later. */
  readonly retriable: boolean;
  readonly message: string;
}

/** Whether the broker was heard at all, whatever it said. */
export function wasHeard(outcome: BrokerOutcome<unknown>): boolean {
  return outcome.ok || outcome.code !== "unreachable";
}
