import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

import { seededRandom, type Random } from "../../../foundation/random.ts";
import { ActiveToxic } from "./active-toxic.ts";
import { LinkPipe } from "./link-pipe.ts";
import type { Toxic, ToxicCount, ToxicDirection } from "./toxic.ts";

interface Line {
  readonly agent: Socket;
  readonly broker: Socket;
  readonly pipes: readonly LinkPipe[];
}

/**
 * A line between an agent and its broker, at the level of TCP connections. Toxics come and go
 * while connections are open. What it cannot do, because TCP mends it: lose, repeat or reorder messages.
 */
export class LinkProxy {
  readonly #target: { readonly port: number; readonly host: string };
  readonly #server: Server;
  readonly #lines = new Set<Line>();
  readonly #toxics: ActiveToxic[] = [];
  readonly #byId = new Map<number, ActiveToxic>();
  readonly #random: Random;

  constructor(target: string, seed: string) {
    const { port, hostname } = new URL(target);
    this.#target = { port: Number(port), host: hostname };
    this.#random = seededRandom(seed);
    // An end of one side is handed on when its turn comes, and does not end the other side.
    this.#server = createServer({ allowHalfOpen: true }, (agent) => this.#join(agent));
  }

  /** @returns the port of that address at which it stands for the broker */
  async listen(address = "127.0.0.1"): Promise<number> {
    this.#server.listen(0, address);
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  add(id: number, { toxic, direction }: { readonly toxic: Toxic; readonly direction: ToxicDirection }): void {
    const active = new ActiveToxic(toxic, direction);
    this.#byId.set(id, active);
    this.#toxics.push(active);
    if (toxic.type === "reset" && toxic.afterBytes === undefined) this.#resetAll(active);
    this.#changed();
  }

  count(id: number): ToxicCount {
    return this.#byId.get(id)?.count ?? { connections: 0, pieces: 0, bytes: 0, delayMs: 0 };
  }

  /** Ends a toxic; what it held goes on at once. */
  remove(id: number): void {
    const active = this.#byId.get(id);
    if (active === undefined) return;
    this.#byId.delete(id);
    this.#toxics.splice(this.#toxics.indexOf(active), 1);
    this.#changed();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const line of this.#lines) reset(line);
    await closed;
  }

  #changed(): void {
    for (const { pipes } of this.#lines) for (const pipe of pipes) pipe.changed();
  }

  #join(agent: Socket): void {
    const resetting = this.#toxics.find(({ toxic: { type } }) => type === "reset");
    if (resetting !== undefined && isDown(resetting)) {
      resetting.hit(agent);
      agent.resetAndDestroy();
      return;
    }
    const broker = connect({ ...this.#target, allowHalfOpen: true });
    const line: Line = { agent, broker, pipes: [] };
    const onRead = (way: "to-broker" | "to-agent") => (bytes: number) => this.#passed({ line, way, bytes });
    const common = { toxics: this.#toxics, random: this.#random };
    const pipes = [
      new LinkPipe({ way: "to-broker", from: agent, to: broker, onRead: onRead("to-broker"), ...common }),
      new LinkPipe({ way: "to-agent", from: broker, to: agent, onRead: onRead("to-agent"), ...common }),
    ];
    Object.assign(line, { pipes });
    this.#lines.add(line);
    for (const socket of [agent, broker]) {
      socket.setNoDelay(true);
      // Who is reset resets the other side; a silent close follows of itself.
      socket.on("error", () => reset(line));
      socket.once("close", () => {
        if (!agent.destroyed || !broker.destroyed) return;
        for (const pipe of pipes) pipe.stop();
        this.#lines.delete(line);
      });
    }
    for (const pipe of pipes) pipe.changed();
  }

  /** Counts what goes by. @returns whether the connection was reset for it */
  #passed({ line, way, bytes }: { line: Line; way: "to-broker" | "to-agent"; bytes: number }): boolean {
    for (const active of this.#toxics) {
      if (active.toxic.type !== "reset" || !active.concerns(way)) continue;
      active.passedBytes += bytes;
      if (!isDown(active)) continue;
      this.#resetAll(active);
      return true;
    }
    return line.agent.destroyed;
  }

  #resetAll(active: ActiveToxic): void {
    for (const line of this.#lines) {
      active.hit(line.agent);
      reset(line);
    }
  }
}

/** Whether its line is to be reset by now, and for as long as the toxic is in force. */
function isDown({ toxic, passedBytes }: ActiveToxic): boolean {
  return toxic.type === "reset" && passedBytes >= (toxic.afterBytes ?? 0);
}

function reset({ agent, broker }: Line): void {
  for (const socket of [agent, broker]) if (!socket.destroyed) socket.resetAndDestroy();
}
