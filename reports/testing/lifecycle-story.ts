import type { AgentEvent, AgentState } from "../../protocol/agent-states.ts";
import type { CheckpointReference } from "../../protocol/messages.ts";
import type { WithdrawalReport } from "../../protocol/withdrawal-report.ts";
import { withdrawalStepNames } from "../../protocol/withdrawal-step-names.ts";
import { agentId, agentSource, beganAt, HistoryBuilder } from "./history-builder.ts";

export interface Story {
  readonly jobs: number;
  readonly slots: number;
  /** Pause and resume so often before the withdrawal. */
  readonly cycles: number;
  /** Stop telling here, as if the harness had been interrupted. */
  readonly until?: "working" | "end";
}

/** A history of join, work, pause and resume, and withdrawal under load, as the real actors would write it. */
export function lifecycleStory({ jobs, slots, cycles, until = "end" }: Story): HistoryBuilder {
  const history = new HistoryBuilder();
  begin(history, { jobs, slots, cycles });
  let index = 0;
  const step = (name: string, title: string, body: () => string) => {
    history.harness("step.begin", { index, step: name, title });
    const detail = body();
    history.harness("step.end", { index, step: name, outcome: "done", detail });
    index += 1;
  };
  history.harness("run.phase", { phase: "lifecycle", edge: "begin" });
  step("start-broker", "start the broker", () => startBroker(history));
  step("join", `guest joins with ${slots} slots`, () => join(history));
  step("submit", `submit ${jobs} jobs (load)`, () => submit(history, jobs));
  step("await-busy", `wait until ${slots} sandboxes of guest make progress`, () => work(history, slots));
  if (until === "working") return history;
  step("pause-resume-cycles", `guest pauses and resumes ${cycles} times`, () =>
    pauseAndResume(history, { cycles, slots }),
  );
  step("withdraw", "guest withdraws while jobs keep coming", () => withdraw(history, slots));
  step("use-revoked-key", "try the key that guest revoked", () => {
    history.broker("broker.refused", { agentId, route: "heartbeat", code: "revoked" });
    history.harness("witness.revoked-key", { status: 401, code: "revoked" });
    return "401 revoked";
  });
  history.harness("run.phase", { phase: "lifecycle", edge: "end" });
  phase(history, "read the host", 1_890);
  phase(history, "verdict", 40);
  return history;
}

export function jobId(number: number): string {
  return `job-load-${number}`;
}

export function checkpoint(progress: number): CheckpointReference {
  return { manifestDigest: "1".repeat(64), archiveDigest: "2".repeat(64), archiveBytes: 48_213, progress, number: 1 };
}

export function changeState(history: HistoryBuilder, from: AgentState, to: AgentState, event: AgentEvent): void {
  history.agent("agent.state", { from, to, event, reason: "" });
}

function phase(history: HistoryBuilder, name: string, ms: number): void {
  history.harness("run.phase", { phase: name, edge: "begin" }).wait(ms);
  history.harness("run.phase", { phase: name, edge: "end" });
}

function begin(history: HistoryBuilder, knobs: { jobs: number; slots: number; cycles: number }): void {
  history.harness("run.started", {
    run: "20260131T101500-withdraw-under-load",
    scenario: "withdraw-under-load",
    seed: "7e1d0c",
    options: { ...knobs, store: "memory", policy: "developer", deadlineSeconds: 120, runs: ".scenarios" },
    steps: 7,
  });
  phase(history.wait(3), "set-up", 210);
  phase(history, "baseline", 1_720);
}

function startBroker(history: HistoryBuilder): string {
  history.wait(180).broker("broker.started", { url: "http://127.0.0.1:40123", store: "memory", pid: 4711 });
  return "http://127.0.0.1:40123, memory store";
}

function join(history: HistoryBuilder): string {
  history.wait(240).agent("agent.started", { instanceId: agentSource, pid: 4720, driver: "process", resumed: false });
  history.wait(35).broker("broker.enrolled", { agentId, instanceId: agentSource, again: false });
  changeState(history.wait(4), "Enrolling", "Idle", "enrolled");
  return "Idle, pid 4720";
}

function submit(history: HistoryBuilder, jobs: number): string {
  for (let number = 1; number <= jobs; number += 1) {
    history
      .wait(3)
      .broker("broker.job", { jobId: jobId(number), from: null, to: "queued", epoch: 0, reason: "submitted" });
  }
  return `${jobs} queued`;
}

function lease(history: HistoryBuilder, number: number): void {
  const grant = { jobId: jobId(number), leaseId: `lease-${number}`, epoch: 1 };
  history.broker("broker.job", { jobId: grant.jobId, from: "queued", to: "offered", epoch: 1, reason: "heartbeat" });
  history.wait(6).broker("broker.leased", { ...grant, agentId, expiresAt: beganAt + 300_000 });
  history.broker("broker.job", { jobId: grant.jobId, from: "offered", to: "leased", epoch: 1, reason: "accepted" });
  history.agent("agent.execution", { ...grant, from: null, to: "spawning", reason: "leased" });
  history.wait(9).agent("agent.execution", { ...grant, from: "spawning", to: "running", reason: "spawned" });
}

function complete(history: HistoryBuilder, number: number): void {
  const id = jobId(number);
  history.broker("broker.released", {
    ...{ jobId: id, leaseId: `lease-${number}`, epoch: 1, agentId },
    ...{ how: "completed", progress: 100, checkpoint: null },
  });
  history.broker("broker.job", { jobId: id, from: "leased", to: "completed", epoch: 1, reason: "result accepted" });
}

/** The first `2 × slots` jobs run to their end, and the next `slots` are left running. */
function work(history: HistoryBuilder, slots: number): string {
  for (let number = 1; number <= slots; number += 1) {
    lease(history, number);
    if (number === 1) changeState(history, "Idle", "Working", "workStarted");
  }
  for (let number = 1; number <= 2 * slots; number += 1) {
    history.wait(140);
    complete(history, number);
    lease(history, number + slots);
  }
  return `${slots} of ${slots}`;
}

function pauseAndResume(history: HistoryBuilder, { cycles, slots }: { cycles: number; slots: number }): string {
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const freezeMs = 0.8 + ((cycle * 7) % 11) * 0.35;
    history.wait(120).agent("agent.frozen", { trigger: "pause", freezeMs, sandboxes: slots, processes: 3 * slots });
    history.harness("witness.freeze", {
      ...{ latencyMs: freezeMs + 0.9, source: "cgroup", processes: 3 * slots, agentFreezeMs: freezeMs },
    });
    for (let slot = 1; slot <= slots; slot += 1) {
      history.wait(4).agent("agent.checkpoint", {
        ...{ jobId: jobId(2 * slots + slot), leaseId: `lease-${2 * slots + slot}`, epoch: 1 },
        ...{ checkpoint: checkpoint(10 * cycle + slot), trigger: "pause", durationMs: 18 + 3 * slot },
      });
    }
    changeState(history, "Working", "Paused", "paused");
    history.wait(260).harness("witness.frozen", { processes: 3 * slots, running: 0, cpuUsedUs: 0, forMs: 250 });
    history.agent("agent.thawed", { trigger: "resume", sandboxes: slots });
    changeState(history, "Paused", "Working", "resumeAsked");
    history.harness("witness.resume", { latencyMs: 1.4 + (cycle % 5) * 0.4, processes: 3 * slots });
  }
  return `${cycles} cycles`;
}

function withdraw(history: HistoryBuilder, slots: number): string {
  changeState(history.wait(90), "Working", "Withdrawing", "withdrawAsked");
  const startedAt = beganAt + history.elapsedMs;
  history.agent("agent.frozen", { trigger: "withdraw", freezeMs: 1.9, sandboxes: slots, processes: 3 * slots });
  for (let slot = 1; slot <= slots; slot += 1) {
    const id = jobId(2 * slots + slot);
    history.wait(60).broker("broker.released", {
      ...{ jobId: id, leaseId: `lease-${2 * slots + slot}`, epoch: 1, agentId },
      ...{ how: "handed-back", progress: 42, checkpoint: checkpoint(42) },
    });
    history.broker("broker.job", { jobId: id, from: "leased", to: "queued", epoch: 1, reason: "handed back" });
  }
  history.wait(170).broker("broker.agent", { agentId, standing: "revoked", reason: "withdrawn" });
  history.agent("agent.withdrawal", { report: withdrawalReport(slots, startedAt, beganAt + history.elapsedMs) });
  changeState(history, "Withdrawing", "Withdrawn", "withdrawn");
  history.wait(20).harness("process.exit", { name: "guest", pid: 4720, code: 0, signal: null });
  return "report clean";
}

function withdrawalReport(slots: number, startedAt: number, endedAt: number): WithdrawalReport {
  const durations = [0.2, 1.9, 96, 61, 148, 22, 0, 1.1, 34, 2.4];
  return {
    agentId,
    instanceId: agentSource,
    trigger: "control socket",
    startedAt,
    endedAt,
    attempts: 1,
    keyRevoked: "confirmed",
    processesTerminated: 3 * slots,
    processesLeft: [],
    directoriesWiped: ["/home/guest/work"],
    directoriesLeft: [],
    autostartLeft: [],
    socketsLeft: [],
    leasesHandedBack: slots,
    leasesDeferred: 0,
    ledgerEntriesLeft: 0,
    steps: withdrawalStepNames.map((step, index) => ({
      step,
      outcome: step === "remove-autostart" ? "nothing-to-do" : "done",
      durationMs: durations[index] ?? 0,
      measured: "",
    })),
    clean: true,
  };
}
