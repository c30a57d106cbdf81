import { attributesByType, littleEndian } from "../netlink/attributes.ts";
import { NetlinkError, protocols, withNetlink } from "../netlink/netlink.ts";

/** linux/sock_diag.h, linux/unix_diag.h (Linux 5.3 for the owner). */
const byFamily = 20;
const unixFamily = 1;
const requestBytes = 24;
const statesAt = 4;
const showAt = 12;
const showOwner = 0x40;
const anyCookieAt = 16;
const inodeAt = 4;
const messageBytes = 16;
const ownerAttribute = 7;

/**
 * Whose each local socket is, by its inode: /proc/net/unix does not say, and an ordinary user sees no more of others'
 * sockets (sock_diag(7)).
 *
 * @returns nobody's where the kernel does not tell
 */
export function unixOwners(): ReadonlyMap<number, number> {
  const body = Buffer.alloc(requestBytes);
  body[0] = unixFamily;
  body.writeUInt32LE(0xffff_ffff, statesAt);
  body.writeUInt32LE(showOwner, showAt);
  body.fill(0xff, anyCookieAt);
  const owners = new Map<number, number>();
  try {
    const found = withNetlink(protocols.socketDiagnosis, (netlink) => netlink.dump({ type: byFamily, body })) ?? [];
    for (const { body: message } of found) {
      const owner = attributesByType(message, messageBytes).get(ownerAttribute);
      if (owner !== undefined) owners.set(message.readUInt32LE(inodeAt), littleEndian(owner));
    }
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error;
  }
  return owners;
}
