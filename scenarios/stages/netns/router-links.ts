import type { FaultLinks } from "../../faults/fault.ts";
import type { ToxicCount, ToxicDirection } from "../../faults/link/toxic.ts";
import type { Network } from "./network.ts";

/** Where the router meets packets of a line, whoever they are for: of the agent when they come, to it when they leave. */
const places: Readonly<Record<Exclude<ToxicDirection, "both">, readonly [chain: string, side: string]>> = {
  "to-broker": ["PREROUTING", "-i"],
  "to-agent": ["POSTROUTING", "-o"],
};

/**
 * A black hole is a partition here: the router drops every packet of the agent's line, as a cable that is cut does, and
 * what TCP gives up by itself is given up. What else may be wrong with a line its proxy does, as on a host.
 */
export class RouterLinks implements FaultLinks {
  readonly #network: Network;
  readonly #proxies: FaultLinks;
  readonly #cut = new Map<number, readonly string[][]>();

  constructor(network: Network, proxies: FaultLinks) {
    this.#network = network;
    this.#proxies = proxies;
  }

  readonly add: FaultLinks["add"] = async (agent, id, order) => {
    if (order.toxic.type !== "blackhole") {
      await this.#proxies.add(agent, id, order);
      return;
    }
    const rules = rulesOf(this.#network.endOf(agent), id, order.direction);
    this.#cut.set(id, rules);
    for (const rule of rules) await this.#table("-I", rule);
  };

  readonly count: FaultLinks["count"] = async (agent, id) => {
    if (!this.#cut.has(id)) return await this.#proxies.count(agent, id);
    const listed = await this.#network.inRouter(["iptables", "-w", "-t", "mangle", "-L", "-v", "-x", "-n"]);
    return dropped(listed, mark(id));
  };

  readonly remove: FaultLinks["remove"] = async (agent, id) => {
    const rules = this.#cut.get(id);
    if (rules === undefined) {
      await this.#proxies.remove(agent, id);
      return;
    }
    this.#cut.delete(id);
    for (const rule of rules) await this.#table("-D", rule);
  };

  async #table(action: "-I" | "-D", [chain = "", ...rule]: readonly string[]): Promise<void> {
    await this.#network.inRouter(["iptables", "-w", "-t", "mangle", action, chain, ...rule]);
  }
}

function rulesOf(end: string, id: number, direction: ToxicDirection): string[][] {
  const ways = direction === "both" ? (["to-broker", "to-agent"] as const) : ([direction] as const);
  return ways.map((way) => {
    const [chain, side] = places[way];
    return [chain, side, end, "-m", "comment", "--comment", mark(id), "-j", "DROP"];
  });
}

function mark(id: number): string {
  return `fault-${id}`;
}

/** What `iptables -L -v -x` counted of the rules with that comment: packets and bytes stand first in their lines. */
export function dropped(listed: string, comment: string): ToxicCount {
  const lines = listed.split("\n").filter((line) => line.includes(`/* ${comment} */`));
  const [pieces, bytes] = [0, 1].map((column) =>
    lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[column] ?? 0), 0),
  );
  return { connections: 0, pieces: pieces ?? 0, bytes: bytes ?? 0, delayMs: 0 };
}
