import { networkIoctls } from "./kernel-constants.ts";
import type { Act } from "./recording.ts";

/** What is asked of the lineage. */
export interface Lifetimes {
  /** @returns the serial of who had a pid at a time; null where nobody is known to */
  serialAt(pid: number, atNs: number): number | null;
  /** Null for one that runs on. */
  endedNs(serial: number): number | null;
}

/** A notification of rtnetlink(7), which came between two times. */
export interface Notification {
  /** nlmsg_pid: the port id of the socket that asked for the change; 0 where the kernel does not say. */
  readonly port: number;
  readonly afterNs: number;
  readonly beforeNs: number;
}

/**
 * Finds who asked for a change of the network. The port id of a process's first netlink socket is its pid, unless it
 * chose another (netlink(7)); it counts only of a process that has such a socket, because it is the pid in the process's
 * own PID namespace, and there another one than here. Where the kernel names no port (for interfaces, IPv6 addresses,
 * and what follows from another change), it can have been whoever had a socket at that time.
 */
export class NetworkAuthors {
  private readonly lifetimes: Lifetimes;
  private readonly portsBefore: ReadonlySet<number>;
  private readonly self: number | null;
  /** Who has such a socket, or asked by ioctl(2), and whether of this very network namespace. */
  private readonly openers = new Map<number, boolean>();

  /**
   * @param known.portsBefore port ids of the sockets that were there before system calls were recorded
   * @param known.self serial of the recorder's own process, which asks a lot and sets nothing
   */
  constructor(lifetimes: Lifetimes, known: { portsBefore: ReadonlySet<number>; self: number | null }) {
    this.lifetimes = lifetimes;
    this.portsBefore = known.portsBefore;
    this.self = known.self;
  }

  /** All acts up to a notification must have been told before it is asked about. */
  learn(acts: readonly Act[]): void {
    for (const { call, by, parameters, apart } of acts) {
      const isAsking =
        (call === "socket" && parameters["protocol"] === "NETLINK_ROUTE") ||
        (call === "ioctl" && Object.hasOwn(networkIoctls, parameters["command"] ?? ""));
      if (!isAsking || by === this.self) continue;
      const isHere = apart?.includes("net") !== true;
      this.openers.set(by, isHere || this.openers.get(by) === true);
    }
  }

  /** @returns serials; more than one where it can have been each of them */
  of({ port, afterNs, beforeNs }: Notification): readonly number[] {
    for (const serial of this.openers.keys()) {
      if ((this.lifetimes.endedNs(serial) ?? beforeNs) < afterNs) this.openers.delete(serial);
    }
    if (port === 0) return [...this.openers].flatMap(([serial, isHere]) => (isHere ? [serial] : []));
    const serial = this.lifetimes.serialAt(port, beforeNs);
    if (serial === null) return [];
    return this.openers.has(serial) || this.portsBefore.has(port) ? [serial] : [];
  }
}
