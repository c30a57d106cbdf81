import { systemClock } from "../../foundation/clock.ts";
import { systemCode } from "../../foundation/errors.ts";
import { limits } from "../../foundation/limits.ts";
import { isStopPending, isStopped, isStoppedState, readProcess } from "./proc-stat.ts";
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
/** How long it is waited at most, in milliseconds, for those that were told at once: others may run that were not. */
const stopsAwaitedMs = 4;
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
  remembered = [],
  cleanRounds,
  onAsked,
}: {
  find: Search;
  /** Those that are told to stop before anybody is looked for; none of their pids is another's. */
  remembered?: readonly Member[];
  cleanRounds: number;
  /** Called once those found first were told to stop. */
  onAsked?: () => void;
}): StopResult {
  const startedAt = systemClock.monotonicMs();
  const told = stopRemembered(remembered);
  const stopped = new Map<string, Member>();
  const stoppedThemselves = new Set<string>();
  let clean = 0;
  for (let round = 1; ; round += 1) {
    const running: Member[] = [];
    const members = find((member) => {
      if (!isStopped(member)) {
        send(member.pid, "SIGSTOP");
        running.push(member);
      } else if (round === 1 && !told.stopped(member)) stoppedThemselves.add(keyOf(member));
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
 * Tells all at once that were there at the last look, before the search takes its time: on busy processors whoever
 * searches waits for its turn between any two of them. Then it sleeps until they have stopped: they do that on a
 * processor, and a search that went on meanwhile kept one from them.
 *
 * @returns told.stopped: whether one that is found stopped was stopped by this. Each was told once; of one that had
 *   stopped itself before, the signal still waits.
 */
function stopRemembered(remembered: readonly Member[]): { stopped: (member: Member) => boolean } {
  // Who sleeps is woken by it, and may take this processor: the enclosures' own, which only wait, are the eldest.
  const youngestFirst = remembered.toSorted((a, b) => Number(b.startTime) - Number(a.startTime));
  const groups = groupsOf(youngestFirst);
  for (const group of groups) send(-group, "SIGSTOP");
  const alone = youngestFirst.filter(({ group }) => !groups.has(group)).map(({ pid }) => pid);
  for (const pid of alone) send(pid, "SIGSTOP");
  if (remembered.length > 0) awaitStops(remembered);
  return {
    stopped: ({ pid, group, state }) =>
      (groups.has(group) || alone.includes(pid)) && !(isStoppedState(state) && isStopPending(pid)),
  };
}

function awaitStops(members: readonly Member[]): void {
  const until = systemClock.monotonicMs() + stopsAwaitedMs;
  for (const { pid } of members) {
    for (;;) {
      const stat = readProcess(pid);
      if (stat === null || isStopped(stat)) break;
      if (systemClock.monotonicMs() > until) return;
      pause(pauseMs);
    }
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
  for (const group of groupsOf(members)) send(-group, signal);
}

/** The process groups that are theirs alone. */
function groupsOf(members: readonly Member[]): ReadonlySet<number> {
  // A group lies within one session, and a session is theirs for certain when its leader is one of them.
  const led = new Set(members.filter((member) => member.pid === member.session).map((member) => member.session));
  return new Set(members.flatMap(({ session, group }) => (led.has(session) && group > 1 ? [group] : [])));
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
