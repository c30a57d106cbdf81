import { historyEnd } from "../../figures/history-span.ts";
import { duration } from "../../text/duration.ts";
import { failed, type RunCheck, touchedHost } from "../run-check.ts";

const hourMs = 3_600_000;
/** So far a run may seem to end after now, for clocks that differ. */
const aheadMsMax = 5 * 60_000;

/** That a run is not older than the policy allows, by the older of what its verdict and its history say. */
export const ageCheck: RunCheck = {
  check: "age",
  subject: "ended not too long ago",
  judge(run, { policy: { ageHoursMax }, nowMs }) {
    // A simulated run's history has times of its own.
    const said = touchedHost(run) ? [run.verdict.endedAt, historyEnd(run.history)] : [run.verdict.endedAt];
    const newest = Math.max(...said);
    if (newest > nowMs + aheadMsMax) return [failed(`it says that it ends ${duration(newest - nowMs)} from now`)];
    const ageMs = nowMs - Math.min(...said);
    return ageMs <= ageHoursMax * hourMs
      ? []
      : [failed(`it ended ${ageWords(ageMs)} ago, and may have ${ageHoursMax} h`)];
  },
};

function ageWords(ms: number): string {
  const hours = Math.round(ms / hourMs);
  return hours < 72 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
