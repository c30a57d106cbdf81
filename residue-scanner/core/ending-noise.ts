import { isOfRun } from "./combined-roles.ts";
import { isListed } from "./difference.ts";
import type { SocketFact } from "./fact.ts";
import { changedOnly, isRecorded, isSeenOfRun, type NoiseCase, type NoiseRule } from "./noise-rule.ts";

/** What ends, moves or goes by itself. */
export const endingNoise: readonly NoiseRule[] = [
  {
    id: "kernel-thread",
    reason: "The kernel starts and ends its own threads as it needs them (PF_KTHREAD is set).",
    matches: ({ difference }) =>
      // What is set of one that was there before (its niceness, its cgroup) is somebody's doing.
      difference.surface === "processes" && difference.change !== "changed" && difference.after?.kernelThread === true,
  },
  {
    id: "waits-for-init",
    reason: "A process that has ended (state Z); it vanishes when process 1, its parent, collects its exit status.",
    matches: ({ difference, attribution }) =>
      difference.surface === "processes" &&
      difference.after?.state === "Z" &&
      difference.after.parent === 1 &&
      // The run's own are waited for while the host settles; one that nobody collects by then was left.
      !isOfRun(attribution.to),
  },
  {
    id: "ended",
    reason:
      "A process that ended, its emptied control group, a key of the kernel's that went with it or expired, what it alone kept open or alive, or a socket that was closed and served nobody, leaves nothing behind.",
    matches: ({ difference, attribution, wasScanner }) => {
      if (difference.change !== "vanished") return false;
      // What the run was seen to end or to remove did not end by itself.
      if (isSeenOfRun(attribution)) return false;
      if (isListed(difference) && (difference.before?.holders ?? []).length > 0) return true;
      // A service manager makes and removes control groups with the processes in them.
      if (["processes", "cgroups", "keys"].includes(difference.surface)) return true;
      if (difference.surface !== "sockets" || difference.before === null) return false;
      const owners = difference.before.owners ?? [];
      return !isService(difference.before) || (owners.length > 0 && owners.every(wasScanner));
    },
  },
  {
    id: "stopped-by-terminal",
    reason:
      "A process that ran before was stopped on a terminal on which nobody of the run is, and every call was recorded and none of the run's can have done it: a terminal stops by itself what is told to by its keys, or reads from it in the background (Ctrl-Z, SIGTTIN).",
    matches: ({ difference, attribution, isLeftAlone, isOnOthersTerminal }) =>
      difference.surface === "processes" &&
      changedOnly(difference, ["stopped"]) &&
      difference.after?.state === "T" &&
      attribution.to === "unknown" &&
      isOnOthersTerminal(difference.after) &&
      isLeftAlone(),
  },
  {
    id: "kernel-counter",
    reason: "A number that the kernel counts by itself, and that nobody sets, moved.",
    matches: ({ difference }) =>
      isListed(difference) && difference.change === "changed" && difference.after?.isCounter === true,
  },
  {
    id: "moves-in-use",
    reason:
      "Whoever uses it moves it too (what waits in a queue, what a driver sets of its device); whoever else does would have been seen, and nobody was, or somebody else.",
    matches: (one) => isMovedInUse(one) && one.isMovingSeen(),
  },
  {
    id: "moves-unseen",
    reason:
      "It moves by itself or in use, and can be set as well: nothing was recorded that would tell which, so that its surface is partial.",
    leavesPartial: true,
    matches: (one) => isMovedInUse(one) && !one.isMovingSeen(),
  },
  {
    id: "balanced-interrupts",
    reason:
      "irqbalance ran all the time, which moves interrupts among the processors every few seconds, and nothing was recorded by which its writing could be told from others'.",
    matches: ({ difference, attribution, isWatched, ranThroughout }) =>
      isListed(difference) &&
      difference.change === "changed" &&
      /^\/proc\/irq\/\d+\/smp_affinity$/.test(difference.after?.location ?? "") &&
      attribution.to === "unknown" &&
      !isWatched &&
      ranThroughout("irqbalance"),
  },
  {
    id: "closing-connection",
    reason:
      "No process holds this TCP connection any more; the kernel keeps it for about a minute (TIME_WAIT and kin) and then drops it.",
    matches: ({ difference }) =>
      difference.surface === "sockets" &&
      difference.after?.inodes.length === 0 &&
      difference.after.remote !== null &&
      closingStates.has(difference.after.state),
  },
];

function isMovedInUse({ difference, attribution }: NoiseCase): boolean {
  if (!isListed(difference) || isOfRun(attribution.to)) return false;
  // Somebody did it of whom nothing is known.
  if (attribution.to === "unknown" && isRecorded(attribution)) return false;
  const { movesInUse } = difference.after ?? {};
  return movesInUse !== undefined && changedOnly(difference, movesInUse);
}

const closingStates = new Set(["time-wait", "fin-wait-1", "fin-wait-2", "closing", "last-ack", "syn-received"]);

/** First port that Linux gives to sockets that ask for none (ip_local_port_range, ip(7)). */
const ephemeralPortMin = 32_768;

/** Whether others reach a service of this host by this socket, which whoever ended it took from them. */
function isService({ protocol, local, state, remote }: SocketFact): boolean {
  if (protocol.startsWith("unix")) return state === "listening" && local.startsWith("/");
  if (protocol.startsWith("tcp")) return state === "listening";
  // A datagram socket does not tell whether it serves; those that only ask get a port from the kernel.
  const port = Number(local.slice(local.lastIndexOf(":") + 1));
  return protocol.startsWith("udp") && state === "bound" && remote === null && port < ephemeralPortMin;
}
