import type { BrokerInput } from "../../broker-sim/core/inputs.ts";
import type { CommandAction, CommandPayload } from "../../protocol/federation.ts";
import type { EventTarget } from "./kernel/event-heap.ts";
import type { PlanStepOf } from "./plan/plan.ts";
import type { BrokerBody } from "./world/broker-body.ts";
import { simulatedSpawn } from "./world/spawn-behaviour.ts";
import type { World } from "./world/world.ts";

type Step = PlanStepOf<"command-spoke">;
/** What a delivery is in truth, which the spoke has to find out. */
type Truth = "genuine" | "again" | "replayed" | "forged" | "stale" | "suspended" | "cancelled";

interface Delivery {
  readonly truth: Truth;
  readonly command: CommandPayload;
}

const peerKey = "k".repeat(43);
const digest = "d".repeat(64);

/**
 * A hub of the simulated broker, and whoever listens on their line: commands that are tried again because an answer was
 * lost, envelopes that come twice, forged and stale ones, and those that come while the connection is suspended.
 */
export class FederatedHub implements EventTarget {
  readonly #world: World;
  readonly #broker: BrokerBody;
  /** How many connections and commands there were. */
  #connections = 0;
  #commands = 0;
  #nonces = 0;
  #connectionId: string | null = null;
  /** The spawns that were sent, for those to be ended. */
  readonly #spawns: string[] = [];

  constructor(world: World, broker: BrokerBody) {
    this.#world = world;
    this.#broker = broker;
  }

  take(step: Step): void {
    if (!this.#isConnected()) return;
    const command = this.#command(this.#actionOf(step));
    if (step.trouble === "suspended") return this.#whileSuspended(command);
    if (step.trouble === "overtaken") return this.#overtake(step);
    if (step.trouble === "forged") {
      this.#deliver({ truth: "forged", command });
      return;
    }
    if (step.trouble === "stale") {
      const issuedAt = command.issuedAt - this.#world.options.timing.signatureWindowMs - 1;
      this.#deliver({ truth: "stale", command: { ...command, issuedAt } });
      return;
    }
    const code = this.#deliver({ truth: "genuine", command });
    // What was turned away unread was not there before: a copy of it is the first.
    const isReplayed = step.trouble === "replayed" && code !== "store-away";
    for (let again = 1; again <= step.tries; again += 1) {
      this.#in(again * step.againMs, { truth: "again", command });
      if (isReplayed) this.#in(again * step.againMs + 1, { truth: "replayed", command });
    }
  }

  happen(_what: number, detail: unknown): void {
    const { truth, command } = detail as Delivery;
    this.#deliver({ truth, command: truth === "again" ? { ...command, ...this.#freshly() } : command });
  }

  #actionOf({ action, behaviour, execution }: Step): CommandAction {
    const spawnCommandId = this.#spawns[execution % Math.max(1, this.#spawns.length)];
    if (action === "spawn" || spawnCommandId === undefined) return { do: "spawn", spec: simulatedSpawn(behaviour) };
    const of = { spawnCommandId };
    return action === "kill" ? { do: "kill", of, message: { reason: "the hub's", now: false } } : { do: "status", of };
  }

  #whileSuspended(command: CommandPayload): void {
    const connectionId = this.#connectionId as string;
    this.#broker.ask({ type: "set-connection", connectionId, to: "suspended" });
    this.#deliver({ truth: "suspended", command });
    this.#broker.ask({ type: "set-connection", connectionId, to: "active" });
    // What was refused is not taken later, by whomever it is sent again.
    this.#deliver({ truth: "suspended", command });
  }

  /** The kill of a spawn comes before it. */
  #overtake({ behaviour }: Step): void {
    const late = this.#command({ do: "spawn", spec: simulatedSpawn(behaviour) });
    const of = { spawnCommandId: late.commandId };
    const kill = this.#command({ do: "kill", of, message: { reason: "the hub's", now: false } });
    const code = this.#deliver({ truth: "genuine", command: kill });
    if (code === "ok") this.#deliver({ truth: "cancelled", command: late });
  }

  #command(action: CommandAction): CommandPayload {
    this.#commands += 1;
    const commandId = uuid(this.#commands);
    const names = { connectionId: this.#connectionId as string, commandId, correlationId: commandId };
    return { type: "COMMAND", ...names, ...this.#freshly(), action };
  }

  /** What is new with every try. Its clock is the broker's. */
  #freshly(): Pick<CommandPayload, "nonce" | "issuedAt" | "expiresAt"> {
    this.#nonces += 1;
    const issuedAt = this.#broker.wallMs ?? 0;
    return { nonce: String(this.#nonces).padStart(22, "n"), issuedAt, expiresAt: issuedAt + 15_000 };
  }

  /** @returns `ok` when it was taken; null when nobody was there */
  #deliver({ truth, command }: Delivery): string | null {
    const isVerified = truth !== "forged";
    const actionDigest = JSON.stringify(command.action).length.toString(16).padStart(64, "0");
    const input: BrokerInput<"federated"> = { type: "federated", command, actionDigest, isVerified };
    const response = this.#broker.ask(input);
    if (response === undefined) return null;
    const { commandId } = command;
    const action = command.action.do;
    if (response.ok && truth === "genuine" && action === "spawn") this.#spawns.push(commandId);
    const code = response.ok ? "ok" : response.code;
    this.#world.record(this.#world.harness, "witness.delivery", { commandId, action, truth, code });
    return code;
  }

  /** Whoever is not known any more is invited anew; a broker that is down invites nobody. */
  #isConnected(): boolean {
    const state = this.#broker.state;
    if (state === null) return false;
    const known = state.federation.connections.get(this.#connectionId ?? "");
    if (known?.state === "active") return true;
    if (known?.state === "suspended") {
      this.#broker.ask({ type: "set-connection", connectionId: known.connectionId, to: "active" });
      return this.#broker.isUp;
    }
    this.#connections += 1;
    const connectionId = `conn-${String(this.#connections).padStart(16, "0")}`;
    const issuedAt = this.#broker.wallMs ?? 0;
    const invitation = { connectionId, secretDigest: digest, invitedUntil: issuedAt + 1_000 };
    this.#broker.ask({ type: "invite", name: "hub", ...invitation });
    const hub = { hubKey: peerKey, hubName: "hub", isVerified: true, issuedAt };
    const joined = this.#broker.ask({ type: "join", connectionId, secretDigest: digest, ...hub });
    this.#connectionId = connectionId;
    return joined?.ok === true;
  }

  #in(delayMs: number, delivery: Delivery): void {
    this.#world.heap.push(this.#world.nowMs + delayMs, this, 0, delivery);
  }
}

function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}
