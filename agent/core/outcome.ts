import type { ProblemCode } from "../../protocol/messages.ts";

/** How a call to the broker ended, as plain data. */
export type BrokerOutcome<T> = { readonly ok: true; readonly value: T } | BrokerFailure;

export interface BrokerFailure {
  readonly ok: false;
  /**
   * The broker's own code, `unreachable` (no answer), or `malformed` (an answer that the protocol does not know). An
   * upload may also end before the broker hears of it: `damaged-checkpoint`, it rotted on this host's disk.
   */
  readonly code: ProblemCode | "unreachable" | "malformed" | "damaged-checkpoint";
  /** Whether the same call may succeed later. */
  readonly retriable: boolean;
  readonly message: string;
  /** With `offset-mismatch`: how many bytes of the upload the broker has. */
  readonly expectedOffset?: number;
}

/** Whether the broker was heard at all, whatever it said. */
export function wasHeard(outcome: BrokerOutcome<unknown>): boolean {
  return outcome.ok || outcome.code !== "unreachable";
}
