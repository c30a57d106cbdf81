import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { kernelCalls } from "../kernel-calls.ts";
import { KernelTexts } from "./read-text.ts";

/** Types whose line ends with the length of what somebody gave (keyrings(7)). */
const valueTypes = new Set(["user", "logon", "big_key"]);

/**
 * Keys and keyrings that the kernel keeps (keyrings(7)), as far as their permissions let their owners see them. How often
 * one is used and when one ends that does move by themselves.
 */
export function collectKeys(path = "/proc/keys", uid = process.geteuid?.() ?? -1): ListedReading {
  const texts = new KernelTexts();
  const rows = [...texts.rows(path), ...(uid === 0 && path === "/proc/keys" ? rowsOfOthers(texts, path) : [])];
  const seen = new Set<string>();
  const facts = rows.flatMap((row): ListedFact[] => {
    const [id, , , ends, permissions, uid, gid, type, ...rest] = row;
    if (id === undefined || type === undefined || seen.has(id)) return [];
    seen.add(id);
    // What stands behind the colon is how much is in a keyring, or how long a value is.
    const [, description = "", end = ""] = /^(.*?)(?:: ([^:]*))?$/s.exec(rest.join(" ")) ?? [];
    return [
      {
        key: id,
        subject: `${type === "keyring" ? "keyring" : `${type} key`} ${id}: ${description}`,
        location: `key ${id}`,
        uid: Number(uid),
        attributes: {
          lasts: ends === "perm",
          ...{ type, description, permissions: permissions ?? "", uid: Number(uid), gid: Number(gid) },
          ...(valueTypes.has(type) && { bytes: Number(end) }),
        },
        show: `keyctl describe 0x${id}`,
      },
    ];
  });
  const others = uid === 0 ? [] : ["keys that only other users may view are not shown"];
  return { facts, unseen: [...texts.unseen(), ...others] };
}

/**
 * Root has no right of its own to see others' keys: whoever is shown what is decided when the file is opened, by the user
 * that the thread has for files at that moment (setfsuid(2)).
 */
function rowsOfOthers(texts: KernelTexts, path: string): string[][] {
  const calls = kernelCalls();
  if (calls === null) return [];
  const uids = texts.rows("/proc/key-users").map(([uid = ""]) => Number.parseInt(uid, 10));
  return uids
    .filter((uid) => uid > 0)
    .flatMap((uid) => {
      calls.setfsuid(uid);
      try {
        return texts.rows(path);
      } finally {
        calls.setfsuid(0);
      }
    });
}
