import { readdirSync, readFileSync } from "node:fs";

import { systemCode } from "../../foundation/errors.ts";

/** FAN_REPORT_DFID_NAME of fanotify_init(2) */
const reportDirectoryAndName = 0xc00;

/** FAN_REPORT_MNT, of a group that tells of mounts only. */
const reportMount = 0x4000;

/** The fanotify(7) groups of this process that tell of files, and whether they tell names or open files (proc_pid_fdinfo(5)). */
export function fanotifyGroups(): { readonly descriptor: number; readonly tellsNames: boolean }[] {
  return readdirSync("/proc/self/fdinfo").flatMap((name) => {
    const flags = /^fanotify flags:([0-9a-f]+)/m.exec(fdinfo(name))?.[1];
    if (flags === undefined || (Number.parseInt(flags, 16) & reportMount) !== 0) return [];
    return { descriptor: Number(name), tellsNames: (Number.parseInt(flags, 16) & reportDirectoryAndName) !== 0 };
  });
}

function fdinfo(name: string): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${name}`, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "";
    throw error;
  }
}
