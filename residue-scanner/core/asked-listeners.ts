import type { SocketFact } from "./fact.ts";
import type { Act } from "./recording.ts";
import type { Snapshot } from "./snapshot.ts";

/** A reading of the host. */
export type ListenerReading = Pick<Snapshot, "sockets" | "processes" | "listed">;

export interface Listener {
  readonly pid: number;
  readonly startTime: string;
}

interface Door {
  readonly host: string;
  readonly port: string;
  readonly owners: readonly Listener[];
}

/** As the tables of sockets show that somebody listens at every address. */
const everywhere: ReadonlySet<string> = new Set(["*", "::", "0.0.0.0"]);
const otherNamespace = "net:[";
const addressFact = "address ";
const mapped = "::ffff:";

/** Who listens at the ports of this host, by readings of it. */
export class AskedListeners {
  readonly #doors: readonly Door[];
  readonly #ownAddresses: ReadonlySet<string>;

  constructor(readings: readonly ListenerReading[]) {
    this.#doors = readings.flatMap(doorsOf);
    const facts = readings.flatMap(({ listed }) => listed.network ?? []).map(({ key }) => key);
    // `address 10.0.0.1`, `address fe80::1/64 on eth0`
    const own = facts.filter((key) => key.startsWith(addressFact)).map((key) => key.slice(addressFact.length));
    this.#ownAddresses = new Set(own.map((address) => hostOf(address.replace(/[/ ].*$/, ""))));
  }

  /** Whom a connection reached: one to another host, or in another network namespace, nobody here. */
  reachedBy({ parameters, apart = [] }: Pick<Act, "parameters" | "apart">): readonly Listener[] {
    const { port, address } = parameters;
    if (address === undefined || apart.includes("net")) return [];
    const host = hostOf(address);
    const isOwn = this.#isOwn(host);
    const doors = this.#doors.filter(
      (door) => door.port === port && (door.host === host || (isOwn && isEverywhere(door.host, host))),
    );
    return doors.flatMap(({ owners }) => owners);
  }

  #isOwn(host: string): boolean {
    return host.startsWith("127.") || host === "::1" || this.#ownAddresses.has(host);
  }
}

function doorsOf({ sockets, processes }: ListenerReading): Door[] {
  const startTimes = new Map(processes.map(({ pid, startTime }) => [pid, startTime]));
  return sockets.filter(isListening).map(({ local, owners }) => {
    const colon = local.lastIndexOf(":");
    const seen = (owners ?? []).flatMap((pid) => {
      const startTime = startTimes.get(pid);
      return startTime === undefined ? [] : [{ pid, startTime }];
    });
    return { host: hostOf(local.slice(0, colon)), port: local.slice(colon + 1), owners: seen };
  });
}

function isListening({ protocol, state, key }: SocketFact): boolean {
  return protocol.startsWith("tcp") && state === "listening" && !key.startsWith(otherNamespace);
}

/** One at every address of version 4 is not reached at one of version 6. */
function isEverywhere(door: string, host: string): boolean {
  return everywhere.has(door) && !(door === "0.0.0.0" && host.includes(":"));
}

/** An address in one form, without brackets; one of version 4 as such also where a socket of version 6 has it. */
function hostOf(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  if (bare.startsWith(mapped) && bare.includes(".")) return bare.slice(mapped.length);
  const isSix = bare.includes(":") && URL.canParse(`http://[${bare}]`);
  return isSix ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare;
}
