import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { KernelTexts } from "./read-text.ts";

/**
 * Keys and keyrings that the kernel keeps (keyrings(7)), as far as their permissions let this user see them. How often
 * one is used and when it ends move by themselves.
 */
export function collectKeys(path = "/proc/keys", uid = process.geteuid?.() ?? -1): ListedReading {
  const texts = new KernelTexts();
  const facts = texts.rows(path).flatMap((row): ListedFact[] => {
    const [id, , , , permissions, uid, gid, type, ...rest] = row;
    if (id === undefined || type === undefined) return [];
    // What stands behind the colon is how much is in a keyring, or how long a value is.
    const description = rest.join(" ").replace(/: [^:]*$/, "");
    return [
      {
        key: id,
        subject: `${type === "keyring" ? "keyring" : `${type} key`} ${id}: ${description}`,
        location: `key ${id}`,
        uid: Number(uid),
        attributes: { type, description, permissions: permissions ?? "", uid: Number(uid), gid: Number(gid) },
        show: `keyctl describe 0x${id}`,
      },
    ];
  });
  const others = uid === 0 ? [] : ["keys that only other users may view are not shown"];
  return { facts, unseen: [...texts.unseen(), ...others] };
}
