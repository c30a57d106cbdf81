import { assert } from "../../foundation/assert.ts";
import type { ControlResponse } from "../../protocol/control.ts";
import type { CheckpointContent } from "../../protocol/messages.ts";
import type { Timing } from "../../protocol/timing.ts";
import { apply } from "../core/agent.ts";
import type { AgentEffect, Ending, LeaseNote } from "../core/effect.ts";
import type { AgentInput, Recovered, TimerName } from "../core/input.ts";
import type { BrokerOutcome } from "../core/outcome.ts";
import { type AgentCore, initialCore, type WithdrawalRecord } from "../core/state.ts";
import { ModelBroker } from "./model-broker.ts";
import { ModelHistory } from "./model-history.ts";
import { unchanging } from "./model-unchanging.ts";

const digest = "a".repeat(64);

interface ModelSandbox {
  alive: boolean;
  frozen: boolean;
  /** Its start was heard of; its end never is before. */
  started: boolean;
}

/** Something that may happen next: what was asked for and is not answered, or what the world does by itself. */
export interface Pending {
  readonly name: string;
  happen(): void;
}

/**
 * A host and a broker small enough to hold in one hand. The core's effects become pending events; whoever drives the
 * world decides which happens next, whether the broker answers, and when the agent is killed. What must never happen
 * is asserted here, at every effect.
 */
export class ModelWorld {
  nowMs = 1_000_000;
  core: AgentCore;
  readonly broker: ModelBroker;
  readonly history = new ModelHistory();
  readonly notes = new Map<string, unknown>();
  readonly sandboxes = new Map<string, ModelSandbox>();
  readonly timers = new Map<TimerName, number>();
  readonly answers = new Map<string, ControlResponse>();
  pending: Pending[] = [];
  ending: Ending | null = null;
  keyThere = true;
  /** The time that the last wipe of the home was given. */
  wipeDeadlineMs: number | null = null;
  homeThere = true;
  bootId = "first boot";
  /** So many effects from now the agent is killed; null for never. */
  fuse: number | null = null;
  #instances = 0;
  #frozen = false;

  constructor({ slots, timing = {} }: { slots: number; timing?: Partial<Timing> }) {
    this.broker = new ModelBroker(timing);
    this.core = initialCore({ instanceId: "", slots });
    this.start();
  }

  /** A process start; what an earlier one left is found in the notes and among the sandboxes. */
  start({ mayEnrol = true } = {}): void {
    this.#instances += 1;
    const instanceId = `00000000-0000-4000-8000-${String(this.#instances).padStart(12, "0")}`;
    this.core = initialCore({ instanceId, slots: this.core.slots });
    this.ending = null;
    this.#frozen = false;
    const { keyThere: hasKey } = this;
    this.see({
      type: "started",
      agentId: digest,
      hasKey,
      pid: 1,
      driver: "model",
      bootId: this.bootId,
      recovered: this.#recovered(),
      mayEnrol,
    });
  }

  /** kill -9: what was under way is forgotten, what is on the disk and what runs stays. */
  kill(): void {
    this.pending = [];
    this.timers.clear();
  }

  see(input: AgentInput): ControlResponse | null {
    if (this.ending !== null) return null;
    const turn = apply(this.core, unchanging(input), this.nowMs);
    unchanging(turn.effects);
    unchanging(turn.response);
    this.core = turn.state;
    if (input.type === "control" && turn.response !== null) this.answers.set(input.requestId, turn.response);
    for (const [index, effect] of turn.effects.entries()) {
      const isEvent = input.type === "brokerEvent" && ["pause", "goodbye"].includes(input.event.event);
      const asked = isEvent || ["control", "signal", "activity"].includes(input.type);
      if (effect.kind === "freezeAll") assert(index === 0 || !asked, "a freeze comes before all else");
      if (this.fuse === 0) {
        // kill -9 between two effects of one turn.
        this.fuse = null;
        this.kill();
        if (this.homeThere) this.start();
        else this.ending = { how: "interrupted" };
        return null;
      }
      if (this.fuse !== null) this.fuse -= 1;
      this.#perform(effect);
    }
    this.#assertActivity();
    return turn.response;
  }

  /** Activity that counts and a pause by it are there together, and end together. */
  #assertActivity(): void {
    const { activity, pause, shutdown, withdrawal } = this.core;
    if (shutdown !== null || withdrawal !== null) return;
    if (activity !== null && !activity.ignored) assert(pause !== null, "whoever heeds its owner's activity is paused");
    if (pause?.by === "activity") assert(activity !== null, "a pause by activity comes to an end by itself");
    if (activity !== null) assert(this.timers.has("quiet"), "what goes on comes to an end");
  }

  /** Lets the earliest timer fire; false when there is none. */
  fireNextTimer(): boolean {
    const next = [...this.timers].sort((a, b) => a[1] - b[1])[0];
    if (next === undefined) return false;
    const [name, dueMs] = next;
    this.timers.delete(name);
    this.nowMs = Math.max(this.nowMs, dueMs);
    this.see({ type: "timer", name });
    return true;
  }

  happenNext(index = 0): boolean {
    const [next] = this.pending.splice(this.pending.length === 0 ? 0 : index % this.pending.length, 1);
    next?.happen();
    return next !== undefined;
  }

  /** Everything that is under way happens, and timers fire, until nothing is left to happen or it takes too long. */
  settle(stepsMax = 500): void {
    for (let step = 0; step < stepsMax && this.ending === null; step += 1) {
      if (!this.happenNext() && !this.fireNextTimer()) return;
    }
  }

  /** Lets things happen, and timers fire, until the condition holds. */
  goOnUntil(condition: () => boolean, stepsMax = 500): void {
    for (let step = 0; !condition(); step += 1) {
      assert(step < stepsMax, "the condition comes to hold");
      if (!this.happenNext()) this.fireNextTimer();
    }
  }

  /** Everything that is under way happens; no timer fires. */
  drain(stepsMax = 500): void {
    for (let step = 0; step < stepsMax && this.happenNext(); step += 1);
  }

  /** The job of a sandbox ends by itself. */
  jobEnds(leaseId: string, exitCode = 0): void {
    const sandbox = this.sandboxes.get(leaseId);
    if (sandbox === undefined || !sandbox.alive || sandbox.frozen || !sandbox.started) return;
    sandbox.alive = false;
    const exit = { progress: 10, result: "done", resultProblem: null };
    const reason = { by: "itself", exitCode } as const;
    this.#later("exit", () => this.see({ type: "sandboxExited", leaseId, reason, ...exit }));
  }

  alive(): string[] {
    return [...this.sandboxes].filter(([, { alive }]) => alive).map(([leaseId]) => leaseId);
  }

  #later(name: string, happen: () => void): void {
    this.pending.push({ name, happen });
  }

  /** A call to the broker: it acts and answers at the same moment, some time later. */
  #call<T>(name: string, answer: () => BrokerOutcome<T>, deliver: (outcome: BrokerOutcome<T>) => void): void {
    this.#later(name, () => deliver(answer()));
  }

  #recovered(): Recovered {
    const leases = [...this.notes]
      .filter(([key]) => key.startsWith("lease:"))
      .map(([key, value]) => ({ leaseId: key.slice(6), ...(value as LeaseNote) }));
    return {
      enrolmentSent: (this.notes.get("membership") as { enrolmentSent: boolean } | undefined)?.enrolmentSent ?? false,
      pause: (this.notes.get("pause") as Recovered["pause"] | undefined) ?? null,
      activityIgnored: this.notes.has("activity"),
      withdrawal: structuredClone((this.notes.get("withdrawal") as WithdrawalRecord | undefined) ?? null),
      leases,
      strays: this.alive().length > 0,
    };
  }

  #perform(effect: AgentEffect): void {
    const { broker, core } = this;
    const { instanceId } = core;
    const closed = core.pause !== null || core.withdrawal !== null || core.shutdown !== null;
    switch (effect.kind) {
      case "record":
        return this.history.add(effect.type, effect.data);
      case "remember":
        assert(this.homeThere, "the journal is there to be written to");
        if (effect.note.value === null) this.notes.delete(effect.note.key);
        else this.notes.set(effect.note.key, structuredClone(effect.note.value));
        return;
      case "answer":
        assert(!this.answers.has(effect.requestId), "a request is answered once");
        this.answers.set(effect.requestId, effect.response);
        return;
      case "setTimer":
        this.timers.set(effect.name, this.nowMs + effect.delayMs);
        return;
      case "clearTimer":
        this.timers.delete(effect.name);
        return;
      case "freezeAll": {
        this.#frozen = true;
        for (const sandbox of this.sandboxes.values()) sandbox.frozen = true;
        const { generation } = effect;
        // At once: before anything else can happen.
        this.pending.unshift({
          name: "frozen",
          happen: () =>
            this.see({ type: "frozen", generation, freezeMs: 1, processes: this.alive().length, running: [] }),
        });
        return;
      }
      case "thawAll": {
        assert(core.pause === null && core.withdrawal === null, "nothing is thawed while a pause is asked for");
        this.#frozen = false;
        for (const sandbox of this.sandboxes.values()) sandbox.frozen = false;
        const { trigger, requestId } = effect;
        this.pending.unshift({
          name: "thawed",
          happen: () => this.see({ type: "thawed", trigger, thawMs: 1, requestId }),
        });
        return;
      }
      case "endStrays":
        return this.#later("endStrays", () => {
          const strays = this.alive().filter(
            (leaseId) =>
              effect.everything ||
              core.leases[leaseId]?.sandbox === undefined ||
              core.leases[leaseId]?.sandbox === null,
          );
          for (const leaseId of strays) this.sandboxes.delete(leaseId);
          this.see({ type: "straysEnded", terminated: strays.length, left: [] });
        });
      case "enrol":
        assert(this.notes.has("membership"), "the journal knows of the enrolment before the broker does");
        return this.#call(
          "enrol",
          () => broker.enrol(this.nowMs),
          (outcome) => this.see({ type: "enrolAnswered", outcome }),
        );
      case "heartbeat": {
        const { request } = effect;
        assert(!closed || request.slotsFree === 0, "whoever takes nothing offers nothing");
        const sentAtMs = this.nowMs;
        return this.#call(
          "heartbeat",
          () => broker.heartbeat(request, { instanceId, nowMs: this.nowMs }),
          (outcome) => this.see({ type: "heartbeatAnswered", outcome, sentAtMs }),
        );
      }
      case "accept": {
        assert(!closed, "nothing is accepted while intake is closed");
        const { leaseId } = effect;
        return this.#call(
          "accept",
          () => broker.accept(leaseId, { instanceId, nowMs: this.nowMs }),
          (outcome) => this.see({ type: "acceptAnswered", leaseId, outcome }),
        );
      }
      case "complete": {
        const { leaseId } = effect;
        return this.#call(
          "complete",
          () => broker.release(leaseId),
          (outcome) => this.see({ type: "completeAnswered", leaseId, outcome }),
        );
      }
      case "returnLease": {
        const { leaseId } = effect.handBack;
        assert(this.sandboxes.get(leaseId)?.alive !== true, "no lease is given back while its job runs here");
        return this.#call(
          "return",
          () => broker.release(leaseId),
          (outcome) => this.see({ type: "returnAnswered", leaseId, outcome }),
        );
      }
      case "uploadCheckpoint": {
        const { leaseId, generation } = effect;
        return this.#call(
          "upload",
          () => broker.note(),
          (outcome) => this.see({ type: "uploadAnswered", leaseId, generation, outcome }),
        );
      }
      case "notifyPaused":
        assert(core.agent === "Paused", "a pause is acknowledged only when it is in force");
        return this.#call(
          "paused",
          () => broker.note(),
          (outcome) => this.see({ type: "pausedAnswered", generation: effect.generation, outcome }),
        );
      case "notifyShutdown":
        assert(this.alive().length === 0, "stopped is announced only once it is true");
        return this.#call(
          "shutdown",
          () => broker.releaseAll(effect.handedBack),
          (outcome) => this.see({ type: "shutdownAnswered", outcome }),
        );
      case "withdraw":
        assert(this.alive().length === 0, "leases are given back when nothing of them runs any more");
        return this.#call(
          "withdraw",
          () => broker.withdraw(effect.handedBack, this.nowMs),
          (outcome) => this.see({ type: "withdrawAnswered", outcome }),
        );
      case "probeRevocation":
        return this.#call(
          "probe",
          () => broker.note(),
          (outcome) => this.see({ type: "revocationProbed", outcome }),
        );
      case "prepareSandbox": {
        const { leaseId } = effect;
        return this.#later("prepare", () => this.see({ type: "sandboxPrepared", leaseId, workspace: `/w/${leaseId}` }));
      }
      case "startSandbox": {
        assert(!closed && !this.#frozen, "nothing is started while intake is closed");
        const { leaseId } = effect;
        // The process is there from the call on; that it runs is heard later.
        this.sandboxes.set(leaseId, { alive: true, frozen: false, started: false });
        assert(this.alive().length <= core.slots, "there are no more sandboxes than slots");
        return this.#later("start", () => {
          const sandbox = this.sandboxes.get(leaseId);
          if (sandbox !== undefined) sandbox.started = true;
          this.see({ type: "sandboxStarted", leaseId, pid: 2, cgroup: null });
        });
      }
      case "terminateSandbox": {
        const { leaseId } = effect;
        return this.#later("terminate", () => {
          const was = this.sandboxes.get(leaseId)?.alive === true;
          this.sandboxes.delete(leaseId);
          this.see({ type: "sandboxTerminated", leaseId, terminated: was ? 1 : 0, left: [] });
        });
      }
      case "wipeSandbox": {
        const { leaseId } = effect;
        assert(this.sandboxes.get(leaseId)?.alive !== true, "nothing is wiped under a running job");
        return this.#later("wipe", () => this.see({ type: "sandboxWiped", leaseId, left: [] }));
      }
      case "askCooperation": {
        const mayWait = core.pause === null && core.withdrawal === null;
        assert(mayWait && !this.#frozen, "no job is asked for anything while all stands still or is to");
        const { leaseId, generation } = effect;
        // Whoever drives the world may let the answer come after the freeze, or never.
        return this.#later("cooperate", () => this.see({ type: "cooperated", leaseId, generation, answer: "ready" }));
      }
      case "endCooperation":
        assert(this.#frozen, "nobody stops waiting for a job before its freeze");
        return;
      case "saveCheckpoint": {
        const { leaseId, generation } = effect;
        assert(this.sandboxes.get(leaseId)?.frozen !== false, "only what stands still is archived");
        const content: CheckpointContent = {
          manifestDigest: digest,
          archiveDigest: digest,
          archiveBytes: 1,
          progress: 5,
        };
        return this.#later("save", () =>
          this.see({ type: "checkpointSaved", leaseId, generation, content, durationMs: 1 }),
        );
      }
      case "removeAutostart":
        return this.#later("removeAutostart", () => this.see({ type: "autostartRemoved", removed: [], left: [] }));
      case "closeSockets":
        return this.#later("closeSockets", () => this.see({ type: "socketsClosed", left: [], measured: "none" }));
      case "wipeHome":
        assert(this.alive().length === 0, "the home is wiped when nothing runs in it any more");
        assert(broker.keyRevoked || core.withdrawal?.record.keyRevoked !== "confirmed", "revoked before wiped");
        this.wipeDeadlineMs = effect.deadlineMs;
        return this.#later("wipeHome", () => {
          this.keyThere = false;
          this.see({ type: "homeWiped", wiped: [], left: [] });
        });
      case "clearLedger":
        return this.#later("clearLedger", () => {
          this.homeThere = false;
          this.notes.clear();
          this.see({ type: "ledgerCleared", entriesLeft: 0, wiped: [], directoriesLeft: [] });
        });
      case "exit":
        assert(this.ending === null, "the process ends once");
        this.ending = effect.ending;
        this.pending = [];
        this.timers.clear();
        if (effect.ending.how === "interrupted") for (const leaseId of this.alive()) this.sandboxes.delete(leaseId);
        return;
      case "wipeLeftovers":
        assert(
          this.alive().length === 0,
          "what an earlier instance left running is ended before its directory is wiped",
        );
        return;
      case "log":
      case "ready":
      case "openEvents":
      case "decline":
      case "reportProgress":
      case "notifyResumed":
      case "discardCheckpoint":
      case "discardCheckpoints":
        return;
    }
  }
}
