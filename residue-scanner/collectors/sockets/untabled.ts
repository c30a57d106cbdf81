import type { SocketRow } from "../../core/socket-table.ts";
import { kernelCalls } from "../kernel-calls.ts";
import type { HeldSocket } from "../open-files.ts";

const nameBytesMax = 64;

/**
 * Sockets that somebody holds and that no table has: of families without one (vsock(7), the kernel's crypto), or not
 * bound to anything yet.
 */
export function untabledRows(held: ReadonlyMap<number, HeldSocket>, known: ReadonlySet<number>): SocketRow[] {
  return [...held]
    .filter(([inode]) => !known.has(inode))
    .map(([inode, { link }]) => ({
      ...{ protocol: protocolOf(link), local: "", remote: null, state: "open", uid: null },
      inode,
    }));
}

/** What the kernel calls the protocol, by an attribute that every socket has (net/socket.c, sockfs). */
function protocolOf(link: string): string {
  const calls = kernelCalls();
  if (calls === null) return "other";
  const path = Buffer.from(`${link}\0`);
  const name = Buffer.from("system.sockprotoname\0");
  const value = Buffer.alloc(nameBytesMax);
  const addressOf = (view: Buffer) => calls.addressOf(view);
  const bytes = calls.getxattr(addressOf(path), addressOf(name), addressOf(value), nameBytesMax);
  const text = bytes <= 0 ? "" : value.toString("latin1", 0, bytes).replace(/\0.*$/, "");
  return text === "" ? "other" : text.toLowerCase().replace(/^af_/, "");
}
