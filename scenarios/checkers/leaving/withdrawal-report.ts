import { WithdrawalStep, type WithdrawalReport } from "../../../protocol/withdrawal-report.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { violation } from "../story.ts";

const order = WithdrawalStep.shape.step.options;
type StepName = WithdrawalStep["step"];
type Outcome = WithdrawalStep["outcome"];

/** How far the sum of the steps may be from the whole, in milliseconds: fractions are rounded. */
const roundingMs = 1;

/**
 * WC-16: a report says what was measured, and says it of every step once, in their order: what it says of the steps is
 * what its figures say, and what is left is named by the step that left it.
 */
export const withdrawalReport = checkerOf("a withdrawal reports every step, and its figures agree (WC-16)", () => {
  let reports = 0;
  const states = new Map<string, RecordOf<"agent.state">>();
  /** Of agents that have left. */
  const last = new Map<string, RecordOf<"agent.withdrawal">>();
  return {
    on: {
      "agent.started": (record) => {
        const left = last.get(record.data.agentId ?? "");
        return left === undefined ? undefined : violation("an agent that has left was started again", left, record);
      },
      "agent.state": (record) => {
        states.set(record.source, record);
      },
      "agent.withdrawal": (record) => {
        reports += 1;
        const { report } = record.data;
        const state = states.get(record.source);
        states.delete(record.source);
        if (report.clean && report.agentId !== null) last.set(report.agentId, record);
        const wants = report.clean ? "Withdrawn" : "Withdrawing";
        if (state?.data.to !== wants) return violation(`its agent is not ${wants}`, state, record);
        const wrong = rules.find(({ holds }) => !holds(report, (name) => outcomeOf(report, name)));
        if (wrong !== undefined) return violation(`the report is not true: ${wrong.says}`, record);
        return report.instanceId === record.source ? undefined : violation("it is another instance's report", record);
      },
    },
    end: () => (reports === 0 ? undecided("nobody reported a withdrawal") : passed(`${reports} reports`)),
  };
});

interface Rule {
  readonly says: string;
  readonly holds: (report: WithdrawalReport, of: (name: StepName) => Outcome | undefined) => boolean;
}

const rules: readonly Rule[] = [
  {
    says: "each step is there once, in its order",
    holds: ({ steps }) => steps.map(({ step }) => step).join() === order.join(),
  },
  {
    says: "each step says what was looked at, and how long it took",
    holds: ({ steps }) => steps.every(({ measured, durationMs }) => measured.length > 0 && durationMs >= 0),
  },
  {
    says: "intake is always stopped",
    holds: (_, of) => of("stop-intake") === "done",
  },
  {
    says: "remove-autostart failed if a startup hook was left, and only then",
    holds: ({ autostartLeft }, of) => (of("remove-autostart") === "failed") === autostartLeft.length > 0,
  },
  {
    says: "the steps of one instance take as long as the whole",
    holds: ({ attempts, steps, startedAt, endedAt }) => {
      const sumMs = steps.reduce((sum, { durationMs }) => sum + durationMs, 0);
      return attempts > 1 || Math.abs(endedAt - startedAt - sumMs) <= roundingMs;
    },
  },
  { says: "it was worked on at least once", holds: ({ attempts }) => attempts >= 1 },
  {
    says: "figures count",
    holds: (report) =>
      report.processesTerminated >= 0 &&
      report.leasesHandedBack >= 0 &&
      report.leasesDeferred >= 0 &&
      report.ledgerEntriesLeft >= 0,
  },
  {
    says: "a list names each thing once, in order",
    holds: ({ directoriesWiped, directoriesLeft, directoriesKept = [], socketsLeft }) =>
      [directoriesWiped, directoriesLeft, directoriesKept, socketsLeft].every((list) =>
        list.every(isAfterTheOneBefore),
      ),
  },
  {
    says: "it is clean if nothing is left, and only then",
    holds: (report) => report.clean === (thingsLeft(report) === 0 && report.ledgerEntriesLeft === 0),
  },
  {
    says: "a ledger stays if there is something for it to name, and only then",
    holds: (report) => thingsLeft(report) === 0 || report.ledgerEntriesLeft > 0,
  },
  {
    says: "terminate failed if a process was left, and only then",
    holds: ({ processesLeft }, of) => (of("terminate") === "failed") === processesLeft.length > 0,
  },
  {
    says: "there was nothing to terminate if no process was ended, and only then",
    holds: ({ processesTerminated, processesLeft }, of) =>
      processesLeft.length > 0 || (of("terminate") === "nothing-to-do") === (processesTerminated === 0),
  },
  {
    says: "close-sockets failed if a socket was left, and only then",
    holds: ({ socketsLeft }, of) => of("close-sockets") === (socketsLeft.length > 0 ? "failed" : "done"),
  },
  {
    says: "wipe-directories failed only if one was left",
    holds: ({ directoriesLeft }, of) => of("wipe-directories") === "done" || directoriesLeft.length > 0,
  },
  {
    says: "clear-ledger failed if an entry was left, and only then",
    holds: ({ ledgerEntriesLeft }, of) => of("clear-ledger") === (ledgerEntriesLeft > 0 ? "failed" : "done"),
  },
  {
    says: "a key is confirmed as revoked by an answer to the hand-back, after which nothing is deferred",
    holds: ({ keyRevoked, leasesDeferred }, of) =>
      keyRevoked !== "confirmed" || (leasesDeferred === 0 && isSettled(of("hand-back")) && of("revoke-key") === "done"),
  },
  {
    says: "a key that nobody knows has nothing to revoke",
    // An instance before may have handed back what a broker that forgot it all does not know of any more.
    holds: ({ attempts, keyRevoked }, of) =>
      attempts > 1 ||
      keyRevoked !== "no-key" ||
      (of("hand-back") === "nothing-to-do" && of("revoke-key") === "nothing-to-do"),
  },
  {
    says: "what is deferred was not confirmed",
    holds: ({ keyRevoked }, of) => keyRevoked !== "deferred" || isMissing(of("revoke-key")),
  },
  {
    says: "one instance that was confirmed handed leases back if there were any, and only then",
    holds: ({ attempts, keyRevoked, leasesHandedBack }, of) =>
      attempts > 1 ||
      keyRevoked !== "confirmed" ||
      of("hand-back") === (leasesHandedBack > 0 ? "done" : "nothing-to-do"),
  },
];

function outcomeOf({ steps }: WithdrawalReport, name: StepName): Outcome | undefined {
  return steps.find(({ step }) => step === name)?.outcome;
}

function thingsLeft({ processesLeft, directoriesLeft, socketsLeft }: WithdrawalReport): number {
  return processesLeft.length + directoriesLeft.length + socketsLeft.length;
}

const isSettled = (outcome: Outcome | undefined): boolean => outcome === "done" || outcome === "nothing-to-do";
const isMissing = (outcome: Outcome | undefined): boolean => outcome === "deferred" || outcome === "failed";

function isAfterTheOneBefore(name: string, index: number, list: readonly string[]): boolean {
  const before = list[index - 1];
  return before === undefined || before < name;
}
