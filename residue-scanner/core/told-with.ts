import { isListed } from "./difference.ts";
import { changedOnly, isSeenOfRun, type NoiseRule, ownersOf } from "./noise-rule.ts";

/** What is told with something that is itself a finding. */
export const toldWith: readonly NoiseRule[] = [
  {
    id: "told-with-process",
    reason: "An unnamed or connected socket of a process that is itself reported; it ends with the process.",
    matches: ({ difference, isFoundProcess }) =>
      difference.surface === "sockets" &&
      (["connected", "open"].includes(difference.after?.state ?? "") || difference.after?.local === "") &&
      ownersOf(difference).length > 0 &&
      ownersOf(difference).every(isFoundProcess),
  },
  {
    id: "kept-by-process",
    reason:
      "Kept by nothing but processes that are themselves reported, or by the harness's own; it goes when they end.",
    matches: ({ difference, isFoundProcess, isScanner }) => {
      const holders = isListed(difference) ? (difference.after?.holders ?? []) : [];
      return holders.length > 0 && holders.every((pid) => isFoundProcess(pid) || isScanner(pid));
    },
  },
  {
    id: "told-with-namespace",
    reason:
      "What was in a namespace that came or went itself; it came or went with that. Not what the run was seen to do in one that is not reported.",
    matches: ({ difference, attribution, isOfNamespace, isFoundNamespace }) => {
      const name = /^(?:mnt|net|ipc|uts):\[\d+\](?= )/.exec(difference.key)?.[0];
      // What somebody made in a new network is told with it: interfaces, addresses, routes.
      const isMade = difference.change === "appeared" && difference.surface === "network";
      if (!isListed(difference) || name === undefined || isMade || !isOfNamespace(name, difference.change))
        return false;
      return isFoundNamespace(name) || !isSeenOfRun(attribution);
    },
  },
  {
    id: "told-with-device",
    reason:
      "A setting that came or went with what it is a setting of: a disk, a mounted file system, a module, an interrupt. That is told where it was left.",
    matches: ({ difference, isToldDevice }) => {
      if (difference.surface !== "sysctls" || difference.change === "changed") return false;
      const { location = "" } = difference.after ?? difference.before ?? {};
      // A file system without a disk may be mounted where nobody looks: then nothing else tells of it.
      const [, number, type] = /^\/sys\/devices\/virtual\/bdi\/(?:(0:\d+)|([a-z]\w*)-\d+)\//.exec(location) ?? [];
      const device = number ?? type;
      if (device !== undefined) return isToldDevice(device, difference.change);
      return /^\/(?:sys|proc\/irq)\//.test(location);
    },
  },
  {
    id: "told-with-crontab",
    reason: "The file of a crontab line that is itself reported.",
    matches: ({ difference, isFoundCrontab }) =>
      difference.surface === "files" &&
      isFoundCrontab(difference.key) &&
      (difference.change === "appeared" || changedOnly(difference, ["mtime", "ctime", "btime", "ino", "size"])),
  },
  {
    id: "told-with-line",
    reason: "The file of a line that is itself reported.",
    matches: ({ difference, isFoundLine }) =>
      difference.surface === "files" &&
      isFoundLine(difference.key) &&
      (difference.change === "appeared" || changedOnly(difference, ["mtime", "ctime", "btime", "ino", "size"])),
  },
  {
    id: "told-with-socket",
    reason: "The file of a listening socket that is itself reported.",
    matches: ({ difference, isFoundSocket }) =>
      difference.surface === "files" &&
      difference.change === "appeared" &&
      difference.after?.kind === "socket" &&
      isFoundSocket(difference.key),
  },
];
