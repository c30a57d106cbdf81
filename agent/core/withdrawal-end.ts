import { assert } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import { type WithdrawalReport, WithdrawalStep } from "../../protocol/withdrawal-report.ts";
import type { Withdrawal } from "./state.ts";
import type { Turn } from "./turn.ts";
import { leftOnHost } from "./withdrawal-steps.ts";

const order = WithdrawalStep.shape.step.options;

/**
 * Everything was tried: the report says what was measured, and goes to all who asked (docs/cases.md, case 58). The
 * process ends with it, and sees nothing after it.
 */
export function endWithdrawal(turn: Turn, withdrawal: Withdrawal): void {
  const report = withdrawalReport(turn, withdrawal);
  if (!report.clean) sometimes("a withdrawal left something behind");
  if (report.clean) turn.move("withdrawn", "the ledger is empty");
  turn.record("agent.withdrawal", { report });
  for (const requestId of withdrawal.waiting) turn.answer(requestId, { ok: true, report });
  turn.emit({ kind: "exit", ending: { how: "withdrawn", clean: report.clean } });
}

function withdrawalReport({ core, nowMs }: Turn, { record }: Withdrawal): WithdrawalReport {
  const { startedAtMs, deadlineMs: _deadlineMs, current: _current, ...measured } = record;
  assert(record.steps.length > 0, "a withdrawal that ended took steps");
  // Nothing of a report changes any more, so it shares the record's lists.
  return {
    agentId: core.agentId,
    instanceId: core.instanceId,
    startedAt: startedAtMs,
    endedAt: nowMs,
    ...measured,
    steps: record.steps.toSorted((a, b) => order.indexOf(a.step) - order.indexOf(b.step)),
    clean: leftOnHost(record) + record.ledgerEntriesLeft === 0,
  } as WithdrawalReport;
}
