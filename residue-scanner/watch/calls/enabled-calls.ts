import { argumentsOf, type CallDecoder } from "../../core/call-events.ts";
import { callFilter, endFilter } from "../../core/call-filter.ts";
import type { CallPairing } from "../../core/call-pairing.ts";
import { type TracedCall, tracedCalls } from "../../core/traced-calls.ts";
import { RareEnds } from "./rare-ends.ts";
import type { TraceInstance } from "./trace-instance.ts";

interface Places {
  readonly instance: TraceInstance;
  readonly decoder: CallDecoder;
  readonly pairing: CallPairing;
}

/** Whoever does that may wait for requests from then on. */
const servingEvents = ["syscalls/sys_enter_bind", "syscalls/sys_enter_listen"] as const;

/**
 * Turns on the events of the calls that count.
 *
 * @returns the calls that this kernel has and whose events it does not let us choose, and what tells of ends that are
 *   only told for some; null where this kernel cannot
 */
export function enableCalls(places: Places): { readonly unseen: readonly string[]; readonly ends: RareEnds | null } {
  const { instance, decoder } = places;
  for (const event of servingEvents) {
    const format = instance.format(event);
    if (format === null) continue;
    decoder.learnServing(format);
    instance.enable(event, null);
  }
  const unseen: string[] = [];
  let rare: RareEnds | null = null;
  for (const call of tracedCalls) {
    try {
      rare = enableCall(call, places) ?? rare;
    } catch {
      unseen.push(call.call);
    }
  }
  return { unseen, ends: rare };
}

/** @throws where the kernel does not take the filter; its end is not told then either */
function enableCall(call: TracedCall, places: Places): RareEnds | null {
  const { instance, decoder } = places;
  const [enter, exit] = ["enter", "exit"].map((side) => `syscalls/sys_${side}_${call.event ?? call.call}`);
  const format = instance.format(enter as string);
  // The kernel was built without it: nobody can call it.
  if (format === null) return null;
  const end = call.isEndTraced ? instance.format(exit as string) : null;
  try {
    const fields = argumentsOf(format).map(({ name }) => name);
    const filter = callFilter(call, fields);
    const turning = endFilter(call, fields);
    const rare = turning === null ? null : RareEnds.open(places, call, turning);
    decoder.learnEnter(call, format, { areEndsTurnedOn: rare !== null });
    if (end !== null) {
      decoder.learnExit(call, end);
      instance.enable(exit as string, null);
    }
    instance.enable(enter as string, filter);
    return rare;
  } catch (error) {
    if (end !== null) instance.disable(exit as string);
    throw error;
  }
}
