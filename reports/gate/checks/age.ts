import { historyEnd } from "../../figures/history-span.ts";
import { duration } from "../../text/duration.ts";
import type { StoredRun } from "../../runs/read-run.ts";
import { failed, type RunCheck, touchedHost } from "../run-check.ts";

const hourMs = 3_600_000;
/** So far a run may seem to end after now, for clocks that differ. */
const aheadMsMax = 5 * 60_000;

/** That a run is not older than the policy allows, by the older of what its verdict and its history say. */
export const ageCheck: RunCheck = {
  check: "age",
  subject: "ended not too long ago",
  judge(run, { policy: { ageHoursMax }, nowMs }) {
    // A simulated run's history has times of its own, and that of its beginning in its name alone.
    const said = [run.verdict.endedAt, touchedHost(run) ? historyEnd(run.history) : namedEnd(run)];
    const newest = Math.max(...said);
    if (newest > nowMs + aheadMsMax) return [failed(`it says that it ends ${duration(newest - nowMs)} from now`)];
    const ageMs = nowMs - Math.min(...said);
    return ageMs <= ageHoursMax * hourMs
      ? []
      : [failed(`it ended ${ageWords(ageMs)} ago, and may have ${ageHoursMax} h`)];
  },
};

/** When it ended by the time in its name (UTC, to the second) and by how long it took; as its verdict says where it has no such name. */
function namedEnd({ verdict: { run, startedAt, endedAt } }: StoredRun): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-/.exec(run) ?? [];
  const beganAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(beganAt) ? endedAt : beganAt + Math.max(0, endedAt - startedAt);
}

function ageWords(ms: number): string {
  const hours = Math.round(ms / hourMs);
  return hours < 72 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
