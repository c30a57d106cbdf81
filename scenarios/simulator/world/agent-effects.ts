import { assert, unreachable } from "../../../foundation/assert.ts";
import type { AgentEffect, Ending } from "../../../agent/core/effect.ts";
import type { TimerName } from "../../../agent/core/input.ts";
import type { ControlResponse } from "../../../protocol/control.ts";
import { demandAgentEffect } from "./agent-effect-form.ts";
import type { AgentProcess } from "./agent-process.ts";
import { BrokerEffects } from "./broker-effects.ts";
import type { Network } from "./network.ts";
import { SandboxEffects } from "./sandbox-effects.ts";
import type { Timers } from "./timers.ts";
import { WithdrawalEffects } from "./withdrawal-effects.ts";

/** What the effects on the process itself need of it. */
interface EffectProcess extends AgentProcess {
  readonly timers: Timers<TimerName>;
  /** Whoever asked over the control socket hears the answer. */
  respond(requestId: string, response: ControlResponse): void;
  /** The process ends by itself. */
  exit(ending: Ending): void;
}

/** Whatever the brain wants done, handed to whoever does it. */
export class AgentEffects {
  readonly broker: BrokerEffects;
  readonly sandboxes: SandboxEffects;
  readonly #withdrawal: WithdrawalEffects;
  readonly #body: EffectProcess;

  constructor(body: EffectProcess, network: Network) {
    this.#body = body;
    this.broker = new BrokerEffects(body, network);
    this.sandboxes = new SandboxEffects(body, this.broker);
    this.#withdrawal = new WithdrawalEffects(body);
  }

  perform(effect: AgentEffect): void {
    demandAgentEffect(effect, this.#body.world.isStrict);
    switch (effect.kind) {
      case "record":
        if (effect.type === "agent.state") this.sandboxes.freezer.moved(effect.data.to);
        this.#body.world.record(this.#body.source, effect.type, effect.data);
        return;
      case "setTimer":
        this.#body.timers.set(effect.name, this.#spread(effect.delayMs, effect.jitterRatio));
        return;
      case "clearTimer":
        this.#body.timers.clear(effect.name);
        return;
      case "remember":
        this.#body.ledger.remember(effect.note);
        return;
      case "answer":
        this.#body.respond(effect.requestId, effect.response);
        return;
      case "log":
      case "ready":
        return;
      case "exit":
        this.#body.exit(effect.ending);
        return;
      case "removeAutostart":
      case "closeSockets":
      case "wipeHome":
      case "clearLedger":
        this.#withdrawal.perform(effect);
        return;
      case "freezeAll":
      case "thawAll":
      case "askCooperation":
      case "endCooperation":
      case "endStrays":
      case "prepareSandbox":
      case "startSandbox":
      case "terminateSandbox":
      case "wipeSandbox":
      case "saveCheckpoint":
      case "discardCheckpoint":
      case "discardCheckpoints":
      case "wipeLeftovers":
        this.sandboxes.perform(effect);
        return;
      case "enrol":
      case "openEvents":
      case "heartbeat":
      case "accept":
      case "decline":
      case "complete":
      case "returnLease":
      case "uploadCheckpoint":
      case "reportProgress":
      case "notifyPaused":
      case "notifyResumed":
      case "notifyShutdown":
      case "withdraw":
      case "probeRevocation":
        this.broker.perform(effect);
        return;
      default:
        unreachable(effect);
    }
  }

  #spread(delayMs: number, jitterRatio: number): number {
    assert(jitterRatio >= 0 && jitterRatio < 1, "a timer is spread by a share of its delay");
    if (jitterRatio === 0) return delayMs;
    const value = this.#body.host.stream.upTo("jitter", 1_000);
    // 0 is no jitter, the rest lies evenly between both ends.
    return value === 0 ? delayMs : delayMs * (1 + (jitterRatio * (value - 500.5)) / 500);
  }
}
