import { isOfRun } from "./combined-roles.ts";
import { isListed } from "./difference.ts";
import { changedOnly, isRecorded, isSeenOfRun, type NoiseCase, type NoiseRule, ownersOf } from "./noise-rule.ts";

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
      "A setting that came or went with what it is a setting of: a disk, a mounted file system, a module, an interface, of which all or the first one is told. Or with an interrupt, or a store of the kernel's own memory.",
    matches: (one) => {
      if (!isComingSetting(one)) return false;
      const { difference, attribution, isToldDevice, isWithDevice } = one;
      const location = locationOf(one);
      // A file system without a disk may be mounted where nobody looks: then nothing else tells of it.
      const [, number, type] = /^\/sys\/devices\/virtual\/bdi\/(?:(0:\d+)|([a-z]\w*)-\d+)\//.exec(location) ?? [];
      const device = number ?? type;
      if (device !== undefined) return isToldDevice(device, difference.change);
      return isWithDevice() || (!isOfRun(attribution.to) && kernelsOwn.test(location));
    },
  },
  {
    id: "device-by-itself",
    reason:
      "A setting of a device that came or went while all writing to settings was recorded, and nobody gave an order that leads there: hardware, or its driver, does that by itself.",
    matches: (one) => isDeviceSetting(one) && isNobodys(one) && one.isMovingSeen(),
  },
  {
    id: "device-unseen",
    reason:
      "A setting of a device that came or went by itself, or by somebody's order: nothing was recorded that would tell which, so that its surface is partial.",
    leavesPartial: true,
    matches: (one) => isDeviceSetting(one) && isNobodys(one) && !one.isMovingSeen(),
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

/** Stores of the kernel's memory, which it makes as it needs them; interrupts, which drivers ask for. */
const kernelsOwn = /^\/(?:proc\/irq|sys\/kernel\/slab|sys\/devices\/virtual\/(?:bdi|workqueue))\//;

function isComingSetting(one: NoiseCase): boolean {
  const { surface, change } = one.difference;
  return surface === "sysctls" && change !== "changed" && /^\/(?:sys|proc\/irq)\//.test(locationOf(one));
}

/** Of a mounted file system, whoever mounted it is asked for. */
function isDeviceSetting(one: NoiseCase): boolean {
  return isComingSetting(one) && !locationOf(one).startsWith("/sys/devices/virtual/bdi/");
}

function isNobodys({ attribution }: NoiseCase): boolean {
  return attribution.to === "unknown" && !isRecorded(attribution);
}

function locationOf({ difference }: NoiseCase): string {
  return isListed(difference) ? ((difference.after ?? difference.before)?.location ?? "") : "";
}
