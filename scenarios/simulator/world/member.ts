import type { Ending } from "../../../agent/core/effect.ts";
import type { EventTarget } from "../kernel/event-heap.ts";
import { AgentBody } from "./agent-body.ts";
import type { BrokerBody } from "./broker-body.ts";
import { brokersToken } from "./broker-input.ts";
import { Host } from "./host.ts";
import { tryRevokedKey } from "./revoked-key.ts";
import type { Network } from "./network.ts";
import type { World } from "./world.ts";

const starts = 1;
const triesKey = 2;

/** So long after an agent has left, somebody tries its key; milliseconds. */
const tryKeyAfterMs = 1_000;

/** An agent that ended by itself is started again after so long, unless the plan says otherwise; milliseconds. */
const downMsDefault = 5_000;
/** So long after a withdrawal that left something its owner tries again. */
const tryAgainMs = 30_000;

/** An agent's id begins with its number in the cast. */
function agentIdOf(index: number): string {
  return `${index.toString(16).padStart(8, "0")}${"5ea1".repeat(14)}`;
}

export function memberIndexOf(agentId: string): number {
  return Number.parseInt(agentId.slice(0, 8), 16);
}

/** One donor of the cast: a host, and the agent's process that runs on it now. */
export class Member implements EventTarget {
  readonly host: Host;
  readonly #world: World;
  readonly #network: Network;
  readonly #broker: BrokerBody;
  body: AgentBody | null = null;
  /** It left for good: it withdrew, or the broker will never take it. */
  gone = false;
  /** It left because the broker will never take it. */
  wasRefused = false;
  /** There is something in its home that is for its owner to clear, if it is refused. */
  keepsHome: boolean;
  /** How long it stays down when its process ends next. */
  downMs = downMsDefault;
  #instances = 0;
  /** Counts the restarts that were asked for; only the last one counts. */
  #restarts = 0;
  #bornAtMs: number | null = null;
  #goneAtMs = 0;

  constructor(
    world: World,
    index: number,
    { network, broker, joinToken }: { network: Network; broker: BrokerBody; joinToken: string },
  ) {
    this.#world = world;
    this.#network = network;
    this.#broker = broker;
    this.host = new Host(world, index, agentIdOf(index));
    this.host.joinToken = joinToken;
    this.keepsHome = joinToken === brokersToken;
  }

  /** Whether an agent lives here, though none may run just now. */
  get isInhabited(): boolean {
    return this.#bornAtMs !== null && !this.gone && this.host.things().length > 0;
  }

  /** Starts the process if none runs. */
  start({ mayEnrol = true }: { mayEnrol?: boolean } = {}): void {
    if (this.body !== null || this.gone) return;
    const world = this.#world;
    this.#bornAtMs ??= world.nowMs;
    this.#instances += 1;
    const instance = this.#instances.toString(16).padStart(12, "0");
    const body = new AgentBody({
      world,
      host: this.host,
      network: this.#network,
      broker: this.#broker,
      instanceId: `${this.host.index.toString(16).padStart(8, "0")}-0000-4000-8000-${instance}`,
      onEnd: (ending) => this.#ended(ending),
    });
    this.body = body;
    body.start(mayEnrol);
  }

  /** Faults have stopped: it is up, and whatever was planned for its next end, it does not stay down for long any more. */
  calm(): void {
    this.downMs = downMsDefault;
    this.start();
  }

  startIn(delayMs: number): void {
    this.#restarts += 1;
    this.#world.heap.push(this.#world.nowMs + delayMs, this, starts, this.#restarts);
  }

  happen(what: number, detail: unknown): void {
    if (what === triesKey) tryRevokedKey(this.#world, this.#broker, detail as AgentBody["caller"]);
    else if (detail === this.#restarts) this.start();
  }

  /** For how long it was part of the cast, in milliseconds. */
  get lifeMs(): number {
    if (this.#bornAtMs === null) return 0;
    return (this.gone ? this.#goneAtMs : this.#world.nowMs) - this.#bornAtMs;
  }

  /**
   * How many processes run under a lease; null where nobody could have stopped them: no agent is up, it stood still a
   * while ago, or they are an earlier instance's.
   */
  runningUnder(leaseId: string): number | null {
    const { body, host } = this;
    const sandbox = host.sandboxes.get(leaseId);
    if (sandbox === undefined) return 0;
    if (body === null || sandbox.parent !== body.instanceId) return null;
    return body.wasAwakeFor(this.#world.options.timing.leaseTtlMs) ? sandbox.running : null;
  }

  /** A store that forgets may forget a revocation, too: nothing can be said of its keys. */
  #tryKeyOf(body: AgentBody | null): void {
    if (body?.core.withdrawal?.record.keyRevoked !== "confirmed" || this.#broker.mayForget) return;
    this.#world.heap.push(this.#world.nowMs + tryKeyAfterMs, this, triesKey, body.caller);
  }

  #ended(ending: Ending | null): void {
    const { body, host } = this;
    this.body = null;
    const how = ending?.how ?? "killed";
    this.#world.record(this.#world.harness, "witness.exit", { agentId: host.agentId, how });
    const { downMs } = this;
    this.downMs = downMsDefault;
    // Killed when nothing was left but to end: there is no home to come back to.
    const vacated = ending === null && host.things().length === 0;
    if (vacated || ending?.how === "refused" || (ending?.how === "withdrawn" && ending.clean)) {
      this.gone = true;
      this.wasRefused = ending?.how === "refused";
      this.#goneAtMs = this.#world.nowMs;
      this.#tryKeyOf(body);
    } else this.startIn(ending?.how === "withdrawn" ? tryAgainMs : downMs);
  }
}
