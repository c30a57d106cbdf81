import { continueCooperation } from "./cooperation.ts";
import { requestSnapshots } from "./freeze.ts";
import { continuePause } from "./pause.ts";
import { continuePeriodic } from "./periodic.ts";
import { continueShutdown } from "./shutdown.ts";
import type { Turn } from "./turn.ts";
import { continueWithdrawal } from "./withdrawal.ts";

/** Something ended that a procedure under way may have waited for. The most final procedure goes on, and only it. */
export function settle(turn: Turn): void {
  const { core } = turn;
  continueCooperation(turn);
  requestSnapshots(turn);
  if (core.withdrawal !== null) continueWithdrawal(turn, core.withdrawal);
  else if (core.shutdown !== null) continueShutdown(turn, core.shutdown);
  else if (core.pause !== null) continuePause(turn);
  else continuePeriodic(turn);
}
