import { execa } from "execa";
import * as z from "zod";

import { HouseguestError } from "../../../foundation/errors.ts";
import { present } from "../../../foundation/assert.ts";
import { Links } from "../../faults/link/links.ts";
import type { Actor, ActorRequest } from "../host/actor.ts";

/** Benchmarks' own range (RFC 2544, RFC 6890): nobody routes it. */
const range = "198.18";
/** Actors of one run, each with a subnet of four addresses; ends of lines are named by their number. */
const actorsMax = 60;
const readyWithinMs = 20_000;
const commandMsMax = 10_000;
const endMsMax = 5_000;

/** The network of a run could not be made. */
export class NetworkError extends HouseguestError {
  override readonly name = "NetworkError";
}

/** Where an actor is in the network. */
export interface Seat {
  readonly address: string;
  /** The router's address on this actor's line, and its end of it. */
  readonly router: string;
  readonly routerEnd: string;
  readonly keeper: Actor;
}

export interface NetworkOptions {
  /** Starts a process of the harness's as an actor of the run: with its marker, its cgroup and its undoing. */
  readonly start: (
    request: Pick<ActorRequest<unknown>, "name" | "command" | "ready" | "readyWithinMs">,
  ) => Promise<{ actor: Actor }>;
}

/**
 * The network of a run on the stage `netns`: a router, and for each actor a namespace of its own with one line to it. A
 * keeper process holds each namespace, and nothing of it has a name on this host: with the last process that is in it the
 * kernel takes it away, lines, addresses, routes and rules included. What fails on the way is undone by ending keepers.
 */
export class Network {
  readonly #start: NetworkOptions["start"];
  readonly #seats = new Map<string, Seat>();
  readonly #router: Actor;
  readonly #ways: Links[] = [];

  private constructor(router: Actor, start: NetworkOptions["start"]) {
    this.#router = router;
    this.#start = start;
  }

  static async open({ start }: NetworkOptions): Promise<Network> {
    const network = new Network(await keeper("router", start), start);
    await network.inRouter(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
    return network;
  }

  /** Names of the actors that hold namespaces. */
  get keepers(): string[] {
    return [keeperName("router"), ...Array.from(this.#seats.keys(), keeperName)];
  }

  get routerNamespace(): string {
    return namespaceOf(this.#router);
  }

  /** Gives an actor its place; one that is started again has it already. */
  async seat(name: string): Promise<Seat> {
    const before = this.#seats.get(name);
    if (before !== undefined) return before;
    const number = this.#seats.size + 1;
    if (number > actorsMax) {
      throw new NetworkError(`The network of a run has room for ${actorsMax} actors.`, {
        code: "network-full",
        next: "Run the scenario with --stage host, where all share one.",
      });
    }
    const seat: Seat = {
      ...{ address: `${range}.${number}.2`, router: `${range}.${number}.1`, routerEnd: `line${number}` },
      keeper: await keeper(name, this.#start),
    };
    this.#seats.set(name, seat);
    await this.#connect(seat);
    return seat;
  }

  /** What to put before a command that is to run where the actor is. */
  enter(name: string): string[] {
    return ["nsenter", `--net=${namespaceOf(this.#seatOf(name).keeper)}`, "--"];
  }

  #seatOf(name: string): Seat {
    return present(this.#seats.get(name), "whoever is asked for has a place");
  }

  endOf(name: string): string {
    return this.#seatOf(name).routerEnd;
  }

  /** Runs a command where the router is. @returns its standard output */
  async inRouter(command: readonly string[]): Promise<string> {
    return await runIn(this.#router, command);
  }

  /** A port of this host's loopback interface behind which an address of the network is. */
  async wayTo(url: string): Promise<string> {
    const way = new Links();
    this.#ways.push(way);
    // Its port is made while its thread is still on the host; what it connects to is looked for in the network.
    const here = await way.open("way", { target: url, seed: "way" });
    await way.enter(this.routerNamespace);
    return here;
  }

  /** Ends the keepers, and with them whatever of the network nobody else is in. */
  async close(): Promise<void> {
    for (const way of this.#ways) await way.close();
    const keepers = [...Array.from(this.#seats.values(), (seat) => seat.keeper), this.#router];
    for (const one of keepers) one.kill("SIGKILL");
    const late = new Promise((resolve) => setTimeout(resolve, endMsMax).unref());
    await Promise.race([Promise.all(keepers.map(({ exited }) => exited)), late]);
  }

  async #connect({ keeper: { pid }, address, router, routerEnd }: Seat): Promise<void> {
    const peer = ["peer", "name", "line", "netns", String(pid)];
    await this.inRouter(["ip", "link", "add", "name", routerEnd, "type", "veth", ...peer]);
    await this.inRouter(["ip", "address", "add", `${router}/30`, "dev", routerEnd]);
    await this.inRouter(["ip", "link", "set", routerEnd, "up"]);
    const actor = { pid };
    await runIn(actor, ["ip", "address", "add", `${address}/30`, "dev", "line"]);
    await runIn(actor, ["ip", "link", "set", "line", "up"]);
    await runIn(actor, ["ip", "route", "add", "default", "via", router]);
  }
}

function keeperName(name: string): string {
  return `net-${name}`;
}

/** A process that does nothing but be in a new network namespace. */
async function keeper(name: string, start: NetworkOptions["start"]): Promise<Actor> {
  const hold = 'ip link set lo up && echo "{}" && exec sleep infinity';
  const command = ["unshare", "--net", "--", "/bin/sh", "-c", hold];
  const { actor } = await start({ name: keeperName(name), command, ready: z.looseObject({}), readyWithinMs });
  return actor;
}

function namespaceOf({ pid }: Pick<Actor, "pid">): string {
  return `/proc/${pid}/ns/net`;
}

async function runIn(process: Pick<Actor, "pid">, [file, ...args]: readonly string[]): Promise<string> {
  const { failed, stdout, stderr, shortMessage } = await execa(
    "nsenter",
    [`--net=${namespaceOf(process)}`, "--", present(file, "there is a command"), ...args],
    { reject: false, stdin: "ignore", timeout: commandMsMax, killSignal: "SIGKILL" },
  );
  if (!failed) return stdout;
  throw new NetworkError(`The network of the run could not be made: ${stderr.trim().split("\n")[0] ?? shortMessage}`, {
    code: "no-network",
    next: "`scenarios doctor` says what this machine lacks; --stage host needs no network of its own.",
  });
}
