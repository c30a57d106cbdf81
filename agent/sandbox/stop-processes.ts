import { systemClock } from "../../foundation/clock.ts";
import { systemCode } from "../../foundation/errors.ts";
import { limits } from "../../foundation/limits.ts";
import { isStopped } from "./proc-stat.ts";
import type { Member } from "./process-table.ts";

export interface StopResult {
  /** Those that this call stopped, and that a thaw must let go on; who had stopped itself before is not among them. */
  readonly stopped: readonly Member[];
  /** Those still running when the search gave up; empty is the rule. */
  readonly running: readonly Member[];
  /** How many there are, stopped by whomever. */
  readonly processes: number;
}

/** A search for running processes gives up after this time: an uninterruptible one must not hold up the agent. */
const stopMsMax = 500;
/** How long the search sleeps between rounds, so that those told to stop get a CPU to stop on. */
const pauseMs = 0.2;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Finds all members, and shows each as soon as it is found. */
export type Search = (onFound: (member: Member) => void) => Member[];

/**
 * Stops processes with SIGSTOP until a fixed point: a process that forked while it was looked for has left a child that
 * the next round finds. Synchronous, so that nothing of the agent comes in between.
 *
 * @param cleanRounds how many rounds in a row must find nothing running. Two, where one may have overlooked a child:
 *   1. the round lists the pids, 2. A forks B, 3. A stops, 4. the round sees A stopped and does not know of B.
 */
export function stopProcesses({
  find,
  cleanRounds,
  onAsked,
}: {
  find: Search;
  cleanRounds: number;
  /** Called once those found first were told to stop. */
  onAsked?: () => void;
}): StopResult {
  const startedAt = systemClock.monotonicMs();
  const stopped = new Map<string, Member>();
  const stoppedThemselves = new Set<string>();
  let clean = 0;
  for (let round = 1; ; round += 1) {
    const running: Member[] = [];
    const members = find((member) => {
      if (!isStopped(member)) {
        send(member.pid, "SIGSTOP");
        running.push(member);
      } else if (round === 1) stoppedThemselves.add(keyOf(member));
    });
    for (const member of members) {
      const key = keyOf(member);
      if (!stoppedThemselves.has(key)) stopped.set(key, member);
    }
    clean = running.length === 0 ? clean + 1 : 0;
    const late = round >= limits.fixedPointRoundsMax || systemClock.monotonicMs() - startedAt > stopMsMax;
    if (clean >= cleanRounds || late) {
      return { stopped: [...stopped.values()], running, processes: members.length };
    }
    signalGroups(running, "SIGSTOP");
    if (round === 1) onAsked?.();
    if (running.length > 0 && round > 1) pause(pauseMs);
  }
}

/**
 * Sends a signal to members that were found just now. STOP and KILL go to their process groups as a whole as well,
 * which reaches the children that they fork in this very moment.
 */
export function signalMembers(members: readonly Member[], signal: "SIGSTOP" | "SIGCONT" | "SIGTERM" | "SIGKILL"): void {
  if (signal === "SIGSTOP" || signal === "SIGKILL") signalGroups(members, signal);
  for (const member of members) send(member.pid, signal);
}

function signalGroups(members: readonly Member[], signal: "SIGSTOP" | "SIGKILL"): void {
  // A group lies within one session, and a session is theirs for certain when its leader is one of them.
  const led = new Set(members.filter((member) => member.pid === member.session).map((member) => member.session));
  const groups = new Set(members.filter((member) => led.has(member.session)).map((member) => member.group));
  for (const group of groups) if (group > 1) send(-group, signal);
}

/** Sleeps without giving the event loop a turn. */
export function pause(ms: number): void {
  Atomics.wait(sleeper, 0, 0, ms);
}

export function keyOf(identity: { readonly pid: number; readonly startTime: string }): string {
  return `${identity.pid}:${identity.startTime}`;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: it has ended. EPERM: it is another user's now (setuid); the next look tells that it is still there.
    const code = systemCode(error);
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
