import type { ChoiceStream } from "../kernel/choices.ts";
import type { JobBehaviour } from "../plan/plan.ts";
import { durationMs } from "./world.ts";

/** A process that would not die. */
export interface Stray {
  readonly pid: number;
  readonly startTime: string;
  readonly command: string;
}

export interface Termination {
  readonly terminated: number;
  readonly left: Stray[];
}

export type EndSignal = "SIGTERM" | "SIGKILL";

/** How long a process that sleeps in the kernel does not hear of a SIGKILL, in milliseconds. */
const unkillableMs = 90_000;
/** The part of the deadline that is kept for the time after KILL; see agent/sandbox/end-pace.ts. */
const killReserveMs = 500;
const killMsMax = 5;
const termMsMax = 50;

/** After how long KILL follows TERM; whoever has little time keeps some of it for the KILL. */
export function killInMs({ graceMs, deadlineMs }: { graceMs: number; deadlineMs: number }): number {
  return Math.min(graceMs, deadlineMs - Math.min(killReserveMs, deadlineMs / 2));
}

/**
 * Which signal ends a job that is sent TERM, and KILL after the grace, and after how long.
 *
 * @param graceMs 0 for KILL at once
 */
export function endingSignal(
  { onTerm }: JobBehaviour,
  { graceMs, stream }: { graceMs: number; stream: ChoiceStream },
): { readonly signal: EndSignal; readonly inMs: number } {
  const killMs = durationMs(stream, "kill", { minMs: 1, maxMs: killMsMax });
  if (onTerm === "unkillable") return { signal: "SIGKILL", inMs: killMs + unkillableMs };
  if (onTerm === "ignores") return { signal: "SIGKILL", inMs: killMs + graceMs };
  if (graceMs === 0) return { signal: "SIGKILL", inMs: killMs };
  const inMs = durationMs(stream, "term", { minMs: Math.min(graceMs, 1), maxMs: Math.min(graceMs, termMsMax) });
  return { signal: "SIGTERM", inMs };
}
