import { type HistoryData, type HistoryRecord, type HistoryType, historyActors } from "../../protocol/history.ts";
import { type WithdrawalReport, WithdrawalStep } from "../../protocol/withdrawal-report.ts";

/** Writes a history as a test's story: each event a line, in order, a millisecond apart unless time is let pass. */
export class HistoryBuilder {
  readonly records: HistoryRecord[] = [];
  #nowMs = 1_000;

  add<T extends HistoryType>(type: T, data: HistoryData<T>, source = "one"): this {
    const actor = historyActors.find((one) => type.startsWith(`${one}.`)) ?? "harness";
    this.records.push({
      at: this.#nowMs,
      actor,
      source,
      sequence: this.records.length,
      type,
      data,
    } as HistoryRecord);
    this.#nowMs += 1;
    return this;
  }

  /** When the next event happens. */
  get nowMs(): number {
    return this.#nowMs;
  }

  wait(ms: number): this {
    this.#nowMs += ms;
    return this;
  }

  /** A grant and its acceptance. */
  lease(job: number, epoch: number): this {
    this.add("broker.offered", { ...grant(job, epoch), expiresAt: 1 });
    return this.add("broker.leased", { ...grant(job, epoch), expiresAt: 1 });
  }

  release(
    job: number,
    epoch: number,
    how: HistoryData<"broker.released">["how"],
    extra: Partial<HistoryData<"broker.released">> = {},
  ): this {
    return this.add("broker.released", { ...grant(job, epoch), how, progress: 5, checkpoint: null, ...extra });
  }

  job(job: number, from: HistoryData<"broker.job">["from"], to: HistoryData<"broker.job">["to"]): this {
    return this.add("broker.job", { jobId: `job-${job}`, from, to, epoch: 1, reason: "" });
  }

  /** The broker shows these jobs, and no others. */
  lists(...jobs: readonly number[]): this {
    const shown = jobs.map((job) => {
      return {
        ...{ jobId: `job-${job}`, state: "queued" as const, epoch: 1 },
        agentId: null,
        leaseId: null,
        submittedAt: 1,
      };
    });
    return this.add("witness.jobs", { jobs: shown }, "harness");
  }

  /** The store forgot these jobs, or took them back to an earlier state. */
  loseStore(...jobs: readonly number[]): this {
    const subjects = jobs.map((job) => `job-${job}`);
    return this.add("fault.applied", { fault: "lose-store", target: "store", detail: "", subjects });
  }

  start(source = "one", extra: Partial<HistoryData<"agent.started">> = {}): this {
    const data = { instanceId: source, agentId, pid: 1, driver: "process", resumed: false, ...extra };
    return this.add("agent.started", data, source);
  }

  state(
    from: HistoryData<"agent.state">["from"],
    to: HistoryData<"agent.state">["to"],
    event: HistoryData<"agent.state">["event"],
    source = "one",
  ): this {
    return this.add("agent.state", { from, to, event, reason: "" }, source);
  }

  execution(
    job: number,
    from: HistoryData<"agent.execution">["from"],
    to: HistoryData<"agent.execution">["to"],
    source = "one",
  ): this {
    return this.add("agent.execution", { ...sandbox(job, 1), from, to, reason: "" }, source);
  }

  freeze(sandboxes = 1, freezeMs = 1, trigger = "the owner came home"): this {
    return this.add("agent.frozen", { trigger, freezeMs, sandboxes, processes: sandboxes });
  }

  thaw(): this {
    return this.add("agent.thawed", { trigger: "the owner left", sandboxes: 1 });
  }

  save(job: number, epoch: number, progress: number): this {
    const data = { ...sandbox(job, epoch), checkpoint: checkpointAt(progress), trigger: "pause", durationMs: 1 };
    return this.add("agent.checkpoint", data);
  }

  withdrawal(extra: Partial<WithdrawalReport> = {}): this {
    return this.add("agent.withdrawal", { report: { ...cleanReport, ...extra } });
  }
}

export const agentId = "a".repeat(64);

/** A grant's data; names follow from the numbers. */
export function grant(job: number, epoch: number): { jobId: string; leaseId: string; epoch: number; agentId: string } {
  return { ...sandbox(job, epoch), agentId };
}

export function checkpointAt(progress: number): NonNullable<HistoryData<"broker.released">["checkpoint"]> {
  return {
    manifestDigest: "b".repeat(64),
    archiveDigest: "c".repeat(64),
    archiveBytes: 100,
    progress,
    number: progress + 1,
  };
}

/** What an owner hears who asked first and is granted it at once. */
export const answered = {
  ...{ agentId, request: 1, ok: true, code: null, waitedMs: 0, pause: null, report: null },
} satisfies Partial<HistoryData<"witness.answered">>;

export const instanceId = "3f0a4a0e-6f0e-4a55-9d6c-0a8b3f1c2d4e";

const cleanReport: WithdrawalReport = {
  agentId,
  instanceId,
  trigger: "the owner",
  startedAt: 1_000,
  endedAt: 1_200,
  attempts: 1,
  keyRevoked: "confirmed",
  processesTerminated: 3,
  processesLeft: [],
  directoriesWiped: [],
  directoriesLeft: [],
  autostartLeft: [],
  socketsLeft: [],
  leasesHandedBack: 0,
  leasesDeferred: 0,
  ledgerEntriesLeft: 0,
  steps: [],
  clean: true,
};

export function reportOf(extra: Partial<WithdrawalReport> = {}): WithdrawalReport {
  return { ...cleanReport, ...extra };
}

/** The steps of a withdrawal that handed nothing back, 20 ms each. */
export function stepsOf(
  extra: Partial<Record<WithdrawalStep["step"], Partial<WithdrawalStep>>> = {},
): WithdrawalStep[] {
  const idle: readonly WithdrawalStep["step"][] = ["hand-back", "remove-autostart"];
  return WithdrawalStep.shape.step.options.map((step) => ({
    ...{ step, outcome: idle.includes(step) ? "nothing-to-do" : "done", durationMs: 20, measured: "seen" },
    ...extra[step],
  }));
}

function sandbox(job: number, epoch: number): { jobId: string; leaseId: string; epoch: number } {
  return { jobId: `job-${job}`, leaseId: `lease-${job}-${epoch}`, epoch };
}
