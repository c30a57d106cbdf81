import type { HistoryData } from "../../../protocol/history.ts";
import { isTerminalJob } from "../../../protocol/job-states.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { violation, type Violation } from "../story.ts";

type Grant = Pick<HistoryData<"broker.leased">, "leaseId" | "agentId">;

interface Job {
  /** Counts the jobs as they were submitted. */
  readonly number: number;
  told: RecordOf<"broker.job">;
  /** Who holds it, or completed it. */
  grant: Grant | null;
}

/**
 * The operator's lists show what the broker told of in the history: every job with its state, epoch and holder, in the
 * order in which they were submitted, those alone that were given up if asked, and every agent with its standing and leases, in the order in which they
 * enrolled.
 */
export const shownAsTold = checkerOf("the lists of jobs and agents show what was told (I3)", () => {
  const jobs = new Map<string, Job>();
  const standings = new Map<string, HistoryData<"broker.agent">["standing"]>();
  let submitted = 0;
  let looks = 0;

  /** What a store forgot, or was not told of, may be anywhere. */
  const forget = (subject: string): void => {
    jobs.delete(subject);
    standings.delete(subject);
  };
  const leasesOf = (agentId: string): string[] => {
    const held = [...jobs.values()].filter(({ told, grant }) => grant?.agentId === agentId && isHeld(told.data.to));
    return held.map(({ grant }) => grant?.leaseId ?? "");
  };

  return {
    on: {
      "broker.job": (record) => {
        const { jobId, from } = record.data;
        const known = jobs.get(jobId);
        if (known !== undefined) known.told = record;
        else if (from === null) {
          submitted += 1;
          jobs.set(jobId, { number: submitted, told: record, grant: null });
        }
      },
      "broker.offered": ({ data }) => setGrant(jobs.get(data.jobId), data),
      "broker.leased": ({ data }) => setGrant(jobs.get(data.jobId), data),
      "broker.released": ({ data }) => {
        const isSettledByHolder = data.how === "completed" || data.how === "failed";
        setGrant(jobs.get(data.jobId), isSettledByHolder ? data : null);
      },
      "broker.enrolled": ({ data }) => void standings.set(data.agentId, "active"),
      "broker.agent": ({ data }) => {
        if (standings.has(data.agentId)) standings.set(data.agentId, data.standing);
      },
      "fault.applied": (record) => {
        for (const subject of forgottenJobs(record)) forget(subject);
        // A store that has forgotten jobs has forgotten agents with them.
        if (record.data.fault === "lose-store") standings.clear();
      },
      "witness.jobs": (record) => {
        looks += 1;
        return wrongJobs(record, jobs);
      },
      "witness.agents": (record) => wrongAgents(record, { standings, leasesOf, isWhole: isWhole(record) }),
    },
    end: () => (looks === 0 ? undecided("nobody looked at the lists") : passed(`${looks} looks`)),
  };

  /** Whether every lease shown is of a job of which all is known. */
  function isWhole({ data }: RecordOf<"witness.agents">): boolean {
    const known = new Set([...jobs.values()].map(({ grant }) => grant?.leaseId));
    return data.agents.every(({ leases }) => leases.every((leaseId) => known.has(leaseId)));
  }
});

function setGrant(job: Job | undefined, grant: Grant | null): void {
  if (job !== undefined) job.grant = grant;
}

function isHeld(state: HistoryData<"broker.job">["to"]): boolean {
  return state === "offered" || state === "leased";
}

function wrongJobs(record: RecordOf<"witness.jobs">, jobs: ReadonlyMap<string, Job>): Violation | null {
  const shown = new Set<string>();
  let before = { submittedAt: 0, number: -1 };
  for (const { jobId, state, epoch, agentId, leaseId, submittedAt } of record.data.jobs) {
    const job = jobs.get(jobId);
    shown.add(jobId);
    if (submittedAt < before.submittedAt) return violation(`${jobId} is shown behind a job of a later time`, record);
    if (job === undefined) {
      before = { submittedAt, number: submittedAt === before.submittedAt ? before.number : -1 };
      continue;
    }
    const { told, grant, number } = job;
    if (submittedAt === before.submittedAt && number < before.number) {
      return violation(`${jobId} is shown behind a job that was submitted after it`, told, record);
    }
    before = { submittedAt, number };
    if (state !== told.data.to || epoch < told.data.epoch) {
      const summary = `${jobId} is shown as ${state}, epoch ${epoch}, and is ${told.data.to}, epoch ${told.data.epoch}`;
      return violation(summary, told, record);
    }
    const expected = isHeld(state) || isTerminalJob(state) ? grant : null;
    if (agentId !== (expected?.agentId ?? null) || leaseId !== (expected?.leaseId ?? null)) {
      const summary = `${jobId} is shown under ${leaseId ?? "no lease"}, and was told under ${expected?.leaseId ?? "none"}`;
      return violation(summary, told, record);
    }
  }
  const missing = [...jobs].find(([jobId]) => !shown.has(jobId));
  if (missing !== undefined) return violation(`${missing[0]} is not shown`, missing[1].told, record);
  return wrongDead(record, jobs);
}

/** Given up are those that failed without any holder's saying so. */
function wrongDead(record: RecordOf<"witness.jobs">, jobs: ReadonlyMap<string, Job>): Violation | null {
  if (record.data.dead === undefined) return null;
  const dead = new Set(record.data.dead);
  for (const [jobId, { told, grant }] of jobs) {
    const isGivenUp = told.data.to === "failed" && grant === null;
    if (isGivenUp === dead.has(jobId)) continue;
    return violation(`${jobId} is ${isGivenUp ? "not " : ""}shown among the jobs that were given up`, told, record);
  }
  return null;
}

function wrongAgents(
  record: RecordOf<"witness.agents">,
  {
    standings,
    leasesOf,
    isWhole,
  }: {
    standings: ReadonlyMap<string, HistoryData<"broker.agent">["standing"]>;
    leasesOf: (agentId: string) => string[];
    isWhole: boolean;
  },
): Violation | null {
  const shown = new Set<string>();
  let before = { enrolledAt: 0, agentId: "" };
  for (const { agentId, standing, leases, enrolledAt } of record.data.agents) {
    shown.add(agentId);
    if (enrolledAt < before.enrolledAt || (enrolledAt === before.enrolledAt && agentId < before.agentId)) {
      return violation(`agent ${agentId} is shown behind one that enrolled after it`, record);
    }
    before = { enrolledAt, agentId };
    const told = standings.get(agentId);
    if (told !== undefined && told !== standing) {
      return violation(`agent ${agentId} is shown as ${standing}, and is ${told}`, record);
    }
    if (leases.some((leaseId, index) => index > 0 && (leases[index - 1] as string) > leaseId)) {
      return violation(`the leases of agent ${agentId} are not shown in order`, record);
    }
    const held = leasesOf(agentId).sort();
    if (isWhole && held.join() !== leases.join()) {
      return violation(`agent ${agentId} is shown with [${leases.join()}], and holds [${held.join()}]`, record);
    }
  }
  const missing = [...standings.keys()].find((agentId) => !shown.has(agentId));
  return missing === undefined ? null : violation(`agent ${missing} is not shown`, record);
}
