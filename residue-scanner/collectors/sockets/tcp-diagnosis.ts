import { endpointOf, type SocketRow, tcpState } from "../../core/socket-table.ts";
import { attributesByType } from "../netlink/attributes.ts";
import { NetlinkError, protocols, withNetlink } from "../netlink/netlink.ts";

/** linux/inet_diag.h: the older request, which takes the sockets of both families in one go through the kernel's table. */
const getTcpSockets = 18;
const requestBytes = 60;
const statesAt = 52;
const internet6 = 10;
const closedState = 7;

/**
 * The rows of /proc/net/tcp and tcp6, and sockets that are bound without listening, which those do not have, at a
 * small part of the cost (sock_diag(7)).
 *
 * @returns null where they cannot be asked for this way
 */
export function diagnoseTcp(): SocketRow[] | null {
  const body = Buffer.alloc(requestBytes);
  body.writeUInt32LE(0xffff_ffff, statesAt);
  try {
    const messages = withNetlink(protocols.socketDiagnosis, (netlink) => netlink.dump({ type: getTcpSockets, body }));
    // In the order of the two tables.
    return (
      messages?.map(({ body: found }) => rowOf(found)).sort((one, other) => (one.protocol < other.protocol ? -1 : 1)) ??
      null
    );
  } catch (error) {
    if (error instanceof NetlinkError) return null;
    throw error;
  }
}

/** What stands behind struct inet_diag_msg, as attributes (Linux 5.9). */
const messageBytes = 72;
const makerAttribute = 21;

function makerOf(message: Buffer): { makerCgroup?: number } {
  const id = attributesByType(message, messageBytes).get(makerAttribute);
  return id === undefined ? {} : { makerCgroup: Number(id.readBigUInt64LE(0)) };
}

/** struct inet_diag_msg */
export function rowOf(message: Buffer): SocketRow {
  const isSix = message[0] === internet6;
  const end = (portAt: number, addressAt: number): string | null =>
    endpointOf([...message.subarray(addressAt, addressAt + (isSix ? 16 : 4))], message.readUInt16BE(portAt));
  return {
    protocol: isSix ? "tcp6" : "tcp",
    local: end(4, 8) ?? "*:0",
    remote: end(6, 24),
    // Of those that are closed, only what is bound is listed.
    state: message[1] === closedState ? "bound" : tcpState(message[1] ?? 0),
    uid: message.readUInt32LE(64),
    inode: message.readUInt32LE(68),
    ...makerOf(message),
  };
}
