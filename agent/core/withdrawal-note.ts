import type { WithdrawalRecord } from "./state.ts";
import type { Turn } from "./turn.ts";

/** Journals how far the withdrawal is. */
export function rememberWithdrawal(turn: Turn, record: WithdrawalRecord): void {
  turn.remember({ key: "withdrawal", value: copyOfRecord(record) });
}

/**
 * A record that stays as it is while the procedure goes on with the other: whatever leaves the core, or comes into it,
 * is not the core's to change. Its lists never change.
 */
export function copyOfRecord(record: WithdrawalRecord): WithdrawalRecord {
  return { ...record };
}
