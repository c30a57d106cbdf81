import { isThere } from "../collectors/processes/hidden.ts";
import { readBootId, readProcessStat, readProcLink } from "../collectors/proc.ts";

/** Matches what `ownMaker` returns. */
export const makerPattern = "[0-9a-f]+-\\d+-\\d+-\\d+-\\d+";

/**
 * This process as a part of names of what it makes: the start of the kernel, its PID and time namespaces, its pid there
 * and its start time. Pids are used again; with the start time they are not. A start time is another one for whoever looks
 * from another time namespace (time_namespaces(7)).
 */
export function ownMaker(): string {
  const startTime = readProcessStat(process.pid)?.startTime ?? "0";
  return [boot(), namespace("pid"), namespace("time"), process.pid, startTime].join("-");
}

/**
 * Whether a maker has surely ended; one of another PID or time namespace, or one that /proc hides, may run.
 *
 * @param options.isLocal whether no other machine can have made what bears the name: a maker of another start of the
 *   kernel ended with that
 */
export function hasSurelyEnded(maker: string, { isLocal }: { readonly isLocal: boolean }): boolean {
  const [madeIn, pids, times, pid, startTime] = maker.split("-");
  if (madeIn === "0" || boot() === "0") return false;
  if (madeIn !== boot()) return isLocal;
  if (pids === "0" || pids !== namespace("pid") || times !== namespace("time")) return false;
  const stat = readProcessStat(Number(pid));
  if (stat === null) return !isThere(Number(pid));
  return stat.startTime !== startTime || stat.state === "Z" || stat.state === "X";
}

function boot(): string {
  return (readBootId() ?? "0").replaceAll("-", "");
}

/** 0 where the kernel has none of this kind, or does not show it. */
function namespace(kind: "pid" | "time"): string {
  return /\d+/.exec(readProcLink(`/proc/self/ns/${kind}`) ?? "")?.[0] ?? "0";
}
