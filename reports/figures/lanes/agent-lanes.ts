import type { HistoryData, HistoryRecord } from "../../../protocol/history.ts";
import { type Lane, LaneBuilder, type Texts, type LaneSource } from "./lane.ts";
import { RowPacking } from "./row-packing.ts";

/** One process of an agent. */
interface Instance {
  /** Its ledger's records come before the one that says it. */
  pid: number | undefined;
  readonly states: LaneBuilder;
  readonly frozen: LaneBuilder;
  readonly sandboxes: RowPacking;
  readonly leases: RowPacking;
  state: number | undefined;
  freeze: number | undefined;
}

/** Every process of an agent with its states, and below it its freezes, its sandboxes, and its leases as the broker has them. */
export class AgentLanes implements LaneSource {
  readonly #instances = new Map<string, Instance>();
  /** Which process stands for an agent by now. */
  readonly #current = new Map<string, string>();
  /** Of each lease; its agent may have been started again when it ends. */
  readonly #holders = new Map<string, Instance>();
  readonly #texts: Texts;

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  see(record: HistoryRecord, atMs: number): void {
    if (record.actor === "agent") this.#seeAgent(record, atMs);
    else if (record.actor === "broker") this.#seeBroker(record, atMs);
    else if (record.type === "process.exit") {
      for (const one of this.#instances.values()) if (one.pid === record.data.pid) gone(one, atMs);
    }
  }

  lanes(endMs: number): Lane[] {
    return [...this.#instances].flatMap(([id, { pid, states, frozen, sandboxes, leases }]) => {
      const rows = (name: string, packing: RowPacking) =>
        packing.rows.map((row, index) =>
          row.lane({ id: `${id}-${name}-${index}`, depth: 1, label: index === 0 ? name : "" }, endMs),
        );
      return [
        states.lane(
          { id, depth: 0, label: `agent ${id.slice(0, 8)}${pid === undefined ? "" : `, pid ${pid}`}` },
          endMs,
        ),
        frozen.lane({ id: `${id}-frozen`, depth: 1, label: "frozen" }, endMs),
        ...rows("sandboxes", sandboxes),
        ...rows("leases", leases),
      ];
    });
  }

  #seeAgent(record: HistoryRecord, atMs: number): void {
    const { source } = record;
    if (record.type === "agent.started") {
      const { pid, agentId, resumed } = record.data;
      const instance = this.#made(source);
      instance.pid = pid;
      if (agentId !== undefined && agentId !== null) this.#current.set(agentId, source);
      instance.state ??= instance.states.begin(atMs, "Enrolling", resumed ? "started again" : "Enrolling");
      return;
    }
    const instance = this.#made(source);
    if (record.type === "agent.state") moved(instance, atMs, record.data);
    if (record.type === "agent.execution") executed(instance, atMs, record.data);
    if (record.type === "agent.frozen") {
      const { sandboxes, processes, trigger } = record.data;
      thawed(instance, atMs);
      const text = `${trigger}: ${processes} processes of ${sandboxes} sandboxes`;
      instance.freeze = instance.frozen.begin(atMs, "frozen", text);
    }
    if (record.type === "agent.thawed") thawed(instance, atMs);
    if (record.type === "agent.shutdown" && record.data.stage === "end") gone(instance, atMs);
  }

  #seeBroker(record: HistoryRecord, atMs: number): void {
    if (record.type === "broker.enrolled") this.#current.set(record.data.agentId, record.data.instanceId);
    if (record.type === "broker.leased") {
      const { agentId, leaseId, jobId, epoch } = record.data;
      const holder = this.#made(this.#current.get(agentId) ?? agentId);
      this.#holders.set(leaseId, holder);
      holder.leases.stage(leaseId, atMs, { tone: "lease", text: `${jobId}, ${leaseId}, epoch ${epoch}` });
    }
    if (record.type !== "broker.released") return;
    const { leaseId, jobId, epoch, how, progress } = record.data;
    const tone = how === "completed" ? "lease" : how === "handed-back" ? "returned" : "lost";
    const text = `${jobId}, ${leaseId}, epoch ${epoch}: ${how} at ${progress} %`;
    this.#holders.get(leaseId)?.leases.end(leaseId, atMs, { tone, text });
    this.#holders.delete(leaseId);
  }

  #made(source: string): Instance {
    const known = this.#instances.get(source);
    if (known !== undefined) return known;
    const fresh: Instance = {
      pid: undefined,
      ...{ states: new LaneBuilder(this.#texts), frozen: new LaneBuilder(this.#texts) },
      ...{ sandboxes: new RowPacking(this.#texts), leases: new RowPacking(this.#texts) },
      ...{ state: undefined, freeze: undefined },
    };
    this.#instances.set(source, fresh);
    return fresh;
  }
}

function moved(instance: Instance, atMs: number, { to, event, reason }: HistoryData<"agent.state">): void {
  if (instance.state !== undefined) instance.states.end(instance.state, atMs);
  // What comes after the last state is nothing that the agent does.
  if (to === "Withdrawn") return gone(instance, atMs);
  instance.state = instance.states.begin(atMs, to, `${to} (${event}${reason === "" ? "" : `: ${reason}`})`);
}

function executed(instance: Instance, atMs: number, data: HistoryData<"agent.execution">): void {
  const { leaseId, jobId, to, reason } = data;
  const text = `${jobId}, ${leaseId}: ${to}${reason === "" ? "" : ` (${reason})`}`;
  if (to === "spawning" || to === "running" || to === "killing")
    instance.sandboxes.stage(leaseId, atMs, { tone: to, text });
  else instance.sandboxes.end(leaseId, atMs, { text });
}

function thawed(instance: Instance, atMs: number): void {
  if (instance.freeze !== undefined) instance.frozen.end(instance.freeze, atMs);
  instance.freeze = undefined;
}

function gone(instance: Instance, atMs: number): void {
  if (instance.state !== undefined) instance.states.end(instance.state, atMs);
  instance.state = undefined;
  thawed(instance, atMs);
  instance.sandboxes.endAll(atMs);
}
