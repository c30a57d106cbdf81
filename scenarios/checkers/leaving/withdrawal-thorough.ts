import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { violation } from "../story.ts";
import { endOfStep, type WithdrawalCourse, WithdrawalCourses } from "./withdrawal-course.ts";

/** Clocks have fractions, and a record is written a moment after what it tells. */
const momentMs = 20;

/**
 * WC-4, WC-16: where nothing breaks a withdrawal ends what runs, wipes what is there, and its report says so: each of
 * its figures is what the records of its steps say.
 */
export const withdrawalThorough = checkerOf("a withdrawal ends and wipes what there is, and counts it (WC-16)", () => {
  const courses = new WithdrawalCourses();
  /** The leases whose end the broker has written down. */
  const released = new Set<string>();
  /** Those whose jobs were ended because of it. */
  const takenBack = new Set<string>();
  /** The leases that came to their end by themselves, and not by the withdrawal. */
  const over = new Set<string>();
  /** Those whose jobs had ended before by themselves. */
  const done = new Set<string>();
  let judged = 0;
  const see = (record: Parameters<WithdrawalCourses["see"]>[0]): void => courses.see(record);
  return {
    on: {
      "agent.started": see,
      "agent.state": see,
      "agent.frozen": see,
      "agent.checkpoint-failed": see,
      "agent.execution": (record) => {
        const { leaseId, to } = record.data;
        if (to === "killing" && released.has(leaseId)) takenBack.add(leaseId);
        if (to === "completed" || to === "failed") done.add(leaseId);
        see(record);
      },
      "witness.asked": see,
      "witness.call": see,
      "witness.resource": see,
      "broker.released": ({ data: { leaseId, how } }) => {
        released.add(leaseId);
        if (how !== "handed-back" && how !== "revoked") over.add(leaseId);
      },
      "agent.withdrawal": (record) => {
        const course = courses.take(record);
        if (course === undefined) return;
        judged += 1;
        const { attempts, keyRevoked, processesLeft, clean } = record.data.report;
        const wrong = (what: string) => violation(what, course.begun, record);
        if (attempts !== course.instances) return wrong(`${course.instances} instances worked on ${attempts} attempts`);
        if (keyRevoked === "no-key") return wrong("there is a key, and the broker knows it");
        if (!clean && processesLeft.length === 0) return wrong("nothing stood in the way, and something is left");
        if (attempts > 1) return;
        const rule = rules.find(({ holds }) => !holds(record, course, { takenBack, over, done }));
        return rule === undefined ? undefined : wrong(`the report does not agree with the records: ${rule.says}`);
      },
    },
    end: () => (judged === 0 ? undecided("nobody withdrew") : passed(`${judged} withdrawals`)),
  };
});

type Report = RecordOf<"agent.withdrawal">;

interface Leases {
  readonly takenBack: ReadonlySet<string>;
  readonly over: ReadonlySet<string>;
  readonly done: ReadonlySet<string>;
}

interface Rule {
  readonly says: string;
  readonly holds: (record: Report, course: WithdrawalCourse, leases: Leases) => boolean;
}

const rules: readonly Rule[] = [
  {
    says: "it began when the state says so, and ended when it was written",
    holds: ({ at, data: { report } }, { begun }) =>
      Math.abs(report.startedAt - begun.at) <= momentMs && Math.abs(report.endedAt - at) <= momentMs,
  },
  {
    says: "the freeze was over when everything stood still",
    holds: (record, course) => {
      const frozen = firstFrozen(course);
      return frozen === undefined || Math.abs(endOfStep(record, "freeze") - frozen.at) <= momentMs;
    },
  },
  {
    says: "there was something to freeze if a sandbox stood still, and only then",
    holds: (record, course) => {
      const frozen = firstFrozen(course);
      return (
        frozen === undefined || outcomeOf(record, "freeze") === (frozen.data.sandboxes > 0 ? "done" : "nothing-to-do")
      );
    },
  },
  {
    says: "a checkpoint step failed if a checkpoint did, and was done if every job was saved",
    holds: (record, course, { takenBack }) => {
      const endMs = endOfStep(record, "checkpoint");
      const stopped = executionsOf(course).filter(({ at, data }) => data.to === "killing" && at <= endMs + momentMs);
      const outcome = outcomeOf(record, "checkpoint");
      if (stopped.length === 0) return outcome !== "done" || endMs < 0;
      // One that the broker takes back at that moment is not the withdrawal's to save, once it has heard of that.
      return stopped.every(({ data }) => takenBack.has(data.leaseId)) || outcome !== "nothing-to-do";
    },
  },
  {
    says: "no more processes were ended than stood still",
    holds: ({ data: { report } }, course) => {
      const frozen = course.records.flatMap((one) => (one.type === "agent.frozen" ? [one.data.processes] : []));
      const spawned = executionsOf(course).some(({ data }) => data.to === "running");
      // What the last look over the host ends while its own end is under way is counted by both.
      const most = 2 * Math.max(...frozen);
      return frozen.length === 0 || spawned || endedBefore(course) || report.processesTerminated <= most;
    },
  },
  {
    says: "every job has ended, unless its processes are named",
    holds: ({ data: { report } }, course) => {
      const open = new Set<string>();
      for (const { data } of executionsOf(course)) {
        if (data.to === "killing") open.add(data.leaseId);
        else open.delete(data.leaseId);
      }
      return report.processesLeft.length > 0 || open.size === 0;
    },
  },
  {
    says: "whatever was wiped is named",
    holds: ({ data: { report } }, course, { over, done }) => {
      const gone = course.records.flatMap((one) =>
        one.type === "witness.resource" && one.data.change === "gone" && /^(directory|key):/.test(one.data.resource)
          ? [one.data.resource]
          : [],
      );
      return gone.every(
        (resource) =>
          report.directoriesWiped.some((wiped) => resource.startsWith(wiped) || resource.endsWith(wiped)) ||
          // The checkpoints of a lease go with it, when the agent hears of its end; its sandbox when its job has ended.
          over.has(/\/checkpoints\/([^/]+)$/.exec(resource)?.[1] ?? "") ||
          done.has(/\/sandboxes\/([^/]+)$/.exec(resource)?.[1] ?? ""),
      );
    },
  },
  {
    says: "the broker was asked whether the key is dead",
    holds: ({ data: { report } }, course) => {
      const calls = course.records.flatMap((one) => (one.type === "witness.call" ? [one.data.route] : []));
      return calls.length === 0 || report.keyRevoked !== "confirmed" || calls.includes("probe");
    },
  },
];

/**
 * Whether a job was told to end before it began, and was heard of only now: its processes may have gone in between; or
 * an earlier instance left some, of which nothing else is known.
 */
function endedBefore(course: WithdrawalCourse): boolean {
  const told = new Set(executionsOf(course).flatMap(({ data }) => (data.to === "killing" ? [data.leaseId] : [])));
  const gone = course.records.flatMap((one) =>
    one.type === "witness.resource" && one.data.change === "gone" ? [one.data.resource] : [],
  );
  const own = new Set(executionsOf(course).map(({ data }) => `processes:${data.leaseId}`));
  const inherited = gone.some((name) => name.startsWith("processes:") && !own.has(name));
  return inherited || executionsOf(course).some(({ data }) => data.from === "killing" && !told.has(data.leaseId));
}

function firstFrozen({ records }: WithdrawalCourse): RecordOf<"agent.frozen"> | undefined {
  return records.find((one): one is RecordOf<"agent.frozen"> => one.type === "agent.frozen");
}

function executionsOf({ records }: WithdrawalCourse): RecordOf<"agent.execution">[] {
  return records.filter((one): one is RecordOf<"agent.execution"> => one.type === "agent.execution");
}

function outcomeOf({ data: { report } }: Report, name: string): string | undefined {
  return report.steps.find(({ step }) => step === name)?.outcome;
}
