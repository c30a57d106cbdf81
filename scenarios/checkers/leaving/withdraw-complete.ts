import type { HistoryRecord } from "../../../protocol/history.ts";
import type { WithdrawalReport } from "../../../protocol/withdrawal-report.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { violation, type Violation } from "../story.ts";

/**
 * I7, WC-4: after a withdrawal that calls itself clean the host holds nothing of the agent, and one that is not clean
 * names what stays; and the broker deals no more with a key that it revoked. A store that was lost may have forgotten
 * revocations (fault `lose-store`), so they count anew from there.
 */
export const withdrawComplete = checkerOf("after a withdrawal nothing is left, and the key is dead (I7)", () => {
  const reports = new Map<string, RecordOf<"agent.withdrawal">>();
  const revoked = new Map<string, RecordOf<"broker.agent">>();
  let looks = 0;
  let revocations = 0;
  const deadKey = (record: HistoryRecord, agentId: string, what: string): Violation | null => {
    const revocation = revoked.size === 0 ? undefined : revoked.get(agentId);
    if (revocation === undefined) return null;
    return violation(`agent ${agentId.slice(0, 12)} ${what} after its key was revoked`, revocation, record);
  };
  return {
    on: {
      "agent.withdrawal": (record) => {
        const { agentId } = record.data.report;
        if (agentId !== null) reports.set(agentId, record);
      },
      "witness.left": (record) => {
        const report = reports.get(record.data.agentId);
        reports.delete(record.data.agentId);
        looks += 1;
        return judgeLeft(record, report);
      },
      "broker.agent": (record) => {
        const { agentId, standing } = record.data;
        if (standing !== "revoked") return deadKey(record, agentId, `came to be ${standing}`);
        revocations += 1;
        revoked.set(agentId, record);
        return;
      },
      "broker.heartbeat": (record) => deadKey(record, record.data.agentId, "had a heartbeat taken"),
      "broker.enrolled": (record) => deadKey(record, record.data.agentId, "was enrolled"),
      "broker.offered": (record) => deadKey(record, record.data.agentId, "was offered a job"),
      "broker.leased": (record) => deadKey(record, record.data.agentId, "was leased a job"),
      "fault.applied": (record) => {
        if (record.data.fault === "lose-store") revoked.clear();
      },
    },
    end: () =>
      looks + revocations === 0
        ? undecided("nobody withdrew")
        : passed(`${revocations} keys revoked, ${looks} hosts looked at afterwards`),
  };
});

function judgeLeft(
  record: RecordOf<"witness.left">,
  withdrawal: RecordOf<"agent.withdrawal"> | undefined,
): Violation | null {
  const { resources, crontabLines } = record.data;
  const left = resources.length + crontabLines;
  if (left === 0) return null;
  const first = resources[0] ?? "a line of the crontab";
  const what = left === 1 ? first : `${first} and ${left - 1} more`;
  const report = withdrawal?.data.report;
  if (report === undefined) return violation(`${what} is left, and no report says so`, record);
  if (report.clean) return violation(`${what} is left of a withdrawal that says that it is clean`, withdrawal, record);
  const unnamed = resources.find((resource) => !isNamed(report, resource));
  if (unnamed === undefined) return null;
  return violation(`${unnamed} is left, and the report does not name it`, withdrawal, record);
}

/** Processes are named by their pids in a report and by their lease in the ledger, so there it is all or none. */
function isNamed(report: WithdrawalReport, key: string) {
  const { processesLeft, autostartLeft, directoriesLeft, socketsLeft, ledgerEntriesLeft } = report;
  if (key.startsWith("processes:")) return processesLeft.length > 0;
  const path = key.slice(key.indexOf(":") + 1);
  // A ledger that is kept holds the home that it lies in, and says how many entries it has.
  if (ledgerEntriesLeft > 0) return true;
  return [...autostartLeft, ...directoriesLeft, ...socketsLeft].some(
    (named) => named.startsWith(path) || path.startsWith(`${named}/`),
  );
}
