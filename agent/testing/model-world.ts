import { assert } from "../../foundation/assert.ts";
import type { ControlResponse } from "../../protocol/control.ts";
import type { Timing } from "../../protocol/timing.ts";
import { apply } from "../core/agent.ts";
import type { AgentInput } from "../core/input.ts";
import { initialCore } from "../core/state.ts";
import { digest, ModelBody } from "./model-body.ts";
import { performEffect } from "./model-effects.ts";
import { unchanging } from "./model-unchanging.ts";

/**
 * A host and a broker small enough to hold in one hand. The core's effects become pending events; whoever drives the
 * world decides which happens next, whether the broker answers, and when the agent is killed. What must never happen
 * is asserted at every effect.
 */
export class ModelWorld extends ModelBody {
  #instances = 0;

  constructor({ slots, timing = {} }: { slots: number; timing?: Partial<Timing> }) {
    super({ slots, timing });
    this.start();
  }

  /** A process start; what an earlier one left is found in the notes and among the sandboxes. */
  start({ mayEnrol = true } = {}): void {
    this.#instances += 1;
    const instanceId = `00000000-0000-4000-8000-${String(this.#instances).padStart(12, "0")}`;
    this.core = initialCore({ instanceId, slots: this.core.slots });
    this.ending = null;
    this.frozen = false;
    const { keyThere: hasKey } = this;
    this.see({
      type: "started",
      agentId: digest,
      hasKey,
      pid: 1,
      driver: "model",
      bootId: this.bootId,
      recovered: this.recovered(),
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
      performEffect(this, effect);
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
    this.later("exit", () => this.see({ type: "sandboxExited", leaseId, reason, ...exit }));
  }
}
