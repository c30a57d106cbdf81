import type { BrokerInput, BrokerResponse } from "../../../broker-sim/core/inputs.ts";
import type { CommandAction, CommandPayload } from "../../../protocol/federation.ts";
import type { HistoryData } from "../../../protocol/history.ts";
import { StepError } from "../../steps/step-error.ts";
import type { RecordEvent } from "../../../protocol/history-recorder.ts";
import type { Simulation } from "../../simulator/simulation.ts";

type Truth = HistoryData<"witness.delivery">["truth"];

/** What it needs of the stage on which it stands. */
interface Surroundings {
  readonly simulation: Simulation;
  readonly record: RecordEvent;
}

const digest = "d".repeat(64);
const validMs = 10_000;

/** A hub of the modelled broker; signatures are taken as good here, or as forged, as its caller says. */
export class ModelHub {
  readonly connectionId: string;
  /** What it had started, in its order. */
  readonly spawns: { readonly commandId: string; readonly executionId: string }[] = [];
  readonly #stage: Surroundings;
  /** How many hubs there are beside it. */
  others = 0;
  #numbers = 0;

  /** Invited and joined at once. */
  constructor(stage: Surroundings, number: number) {
    this.#stage = stage;
    this.connectionId = `conn-${String(number).padStart(16, "0")}`;
    const { connectionId } = this;
    const { broker } = stage.simulation;
    const issuedAt = this.#nowMs;
    const invitation = { connectionId, secretDigest: digest, invitedUntil: issuedAt + 1_000 };
    broker.ask({ type: "invite", name: "hub", ...invitation });
    const hub = { hubKey: String(number).padStart(43, "0"), hubName: "hub", isVerified: true, issuedAt };
    const joined = broker.ask({ type: "join", connectionId, secretDigest: digest, ...hub });
    if (joined?.ok === true) return;
    throw new StepError("The broker does not take a hub.", {
      code: "refused",
      next: "The last events in the run directory's history.jsonl show why.",
    });
  }

  command(action: CommandAction, over: Partial<CommandPayload> = {}): CommandPayload {
    this.#numbers += 1;
    const number = String(this.#numbers).padStart(8, "0");
    const commandId = `${this.connectionId.slice(-8)}-0000-4000-8000-0000${number}`;
    const issuedAt = this.#nowMs;
    const { connectionId } = this;
    const names = { connectionId, commandId, correlationId: commandId, nonce: `${connectionId.slice(-14)}${number}` };
    return { type: "COMMAND", ...names, issuedAt, expiresAt: issuedAt + validMs, action, ...over };
  }

  /** Sends it, and says in the history what it was in truth and what the broker said to it. */
  send(truth: Truth, command: CommandPayload): BrokerResponse<"federated"> | undefined {
    const actionDigest = JSON.stringify(command.action).length.toString(16).padStart(64, "0");
    const isVerified = truth !== "forged";
    const input: BrokerInput<"federated"> = { type: "federated", command, actionDigest, isVerified };
    const response = this.#stage.simulation.broker.ask(input);
    const code = response === undefined ? "no-broker" : response.ok ? "ok" : response.code;
    const { commandId, action } = command;
    this.#stage.record("witness.delivery", { commandId, action: action.do, truth, code });
    return response;
  }

  /** The nonce of its first command, which whoever listens has heard. */
  get firstNonce(): string {
    return `${this.connectionId.slice(-14)}${"1".padStart(8, "0")}`;
  }

  /** Its clock is the broker's. */
  get #nowMs(): number {
    return this.#stage.simulation.broker.wallMs ?? 0;
  }
}
