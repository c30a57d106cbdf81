import { wrapText } from "../foundation/wrap-text.ts";
import { leaseMarginMs } from "./lease-margin.ts";
import type { Timing } from "./timing.ts";

/** The times that are milliseconds. */
export type TimeName = Exclude<keyof Timing, "heartbeatJitterRatio">;

/** One relation between the times of a fleet: `time` is `is` so much, which follows from the times in `of`. */
export interface TimingRule {
  /** What it is about, for a search: kebab-case. */
  readonly name: string;
  readonly time: TimeName;
  readonly is: "at least" | "at most";
  readonly of: readonly (keyof Timing)[];
  /** As a person would write it: `2 × heartbeatIntervalMs`. */
  readonly words: string;
  /** In milliseconds, a whole number. */
  readonly boundMs: (timing: Timing) => number;
  /** What goes wrong otherwise. */
  readonly because: string;
}

/** The longest wait between two heartbeats. */
const heartbeatMsMax = (t: Timing): number => Math.ceil(t.heartbeatIntervalMs * (1 + t.heartbeatJitterRatio));

/**
 * The longest time between two heartbeats that are heard where the one between them is not (agent/core/heartbeat-send.ts):
 *
 * 1. It is sent as late after the one before as its jitter lets it.
 * 2. Its call hangs for as long as a call may. Whatever wakes the agent meanwhile begins the wait for the next one anew,
 *    which may be at the last moment: there is one call at a time.
 * 3. An unreachable broker is not asked again before that wait is over, and it is as long as its jitter lets it.
 */
const lostHeartbeatMsMax = (t: Timing): number => 2 * heartbeatMsMax(t) + t.requestTimeoutMs;

/**
 * Every relation that must hold before a broker starts: renewal, grace, the ladder of signals, the last word to the broker,
 * deadlines, and the clocks' skew. The tests break each by itself, from this table.
 */
export const timingRules: readonly TimingRule[] = [
  {
    name: "one-late-heartbeat",
    time: "activityTimeoutMs",
    is: "at least",
    of: ["heartbeatIntervalMs", "heartbeatJitterRatio", "requestTimeoutMs"],
    words: "2 × heartbeatIntervalMs × (1 + heartbeatJitterRatio) + requestTimeoutMs",
    boundMs: lostHeartbeatMsMax,
    because: "one heartbeat that nobody hears or answers loses an agent otherwise (EG-3, L3)",
  },
  {
    name: "renewal",
    time: "leaseTtlMs",
    is: "at least",
    of: ["heartbeatIntervalMs", "heartbeatJitterRatio"],
    words: "3 × heartbeatIntervalMs × (1 + heartbeatJitterRatio)",
    boundMs: (t) => 3 * heartbeatMsMax(t),
    because: "heartbeats renew leases, at a third of their life at the latest",
  },
  {
    name: "renewal-unanswered-once",
    time: "requestTimeoutMs",
    is: "at most",
    of: ["leaseTtlMs", "heartbeatIntervalMs", "heartbeatJitterRatio"],
    words: "leaseTtlMs − the holder's margin − heartbeatIntervalMs × (1 + heartbeatJitterRatio)",
    boundMs: (t) => Math.floor(t.leaseTtlMs - leaseMarginMs(t.leaseTtlMs)) - heartbeatMsMax(t),
    because: "a holder gives its lease up by its own clock while it still waits for one renewal otherwise (case 3)",
  },
  {
    name: "gone-before-granted-again",
    time: "terminateGraceMs",
    is: "at most",
    of: ["leaseTtlMs"],
    words: "the holder's margin: max(10 s, leaseTtlMs / 10), and leaseTtlMs / 5 at most",
    boundMs: (t) => Math.floor(leaseMarginMs(t.leaseTtlMs)),
    because: "a job that ignores TERM runs on here when the broker grants it elsewhere otherwise (I1, case 3)",
  },
  {
    name: "offer-within-lease",
    time: "offerTtlMs",
    is: "at most",
    of: ["leaseTtlMs"],
    words: "leaseTtlMs",
    boundMs: (t) => t.leaseTtlMs,
    because: "an offer cannot outlive the lease that it proposes",
  },
  {
    name: "start-again-after-a-heartbeat",
    time: "startAgainAfterMs",
    is: "at least",
    of: ["heartbeatIntervalMs", "heartbeatJitterRatio"],
    words: "heartbeatIntervalMs × (1 + heartbeatJitterRatio)",
    boundMs: heartbeatMsMax,
    because: "a job that cannot start here comes back with every heartbeat otherwise",
  },
  {
    name: "backoff-grows",
    time: "backoffMsMax",
    is: "at least",
    of: ["backoffMs"],
    words: "backoffMs",
    boundMs: (t) => t.backoffMs,
    because: "the wait after a failed attempt grows from the one to the other",
  },
  {
    name: "last-word",
    time: "shutdownTimeoutMs",
    is: "at least",
    of: ["requestTimeoutMs"],
    words: "requestTimeoutMs",
    boundMs: (t) => t.requestTimeoutMs,
    because: "the last word to the broker cannot be repeated, so it waits no less than any other call (EG-4)",
  },
  {
    name: "last-word-before-expiry",
    time: "shutdownTimeoutMs",
    is: "at most",
    of: ["leaseTtlMs", "terminateGraceMs"],
    words: "leaseTtlMs − terminateGraceMs",
    boundMs: (t) => t.leaseTtlMs - t.terminateGraceMs,
    because: "a shutdown hands back leases that have expired meanwhile otherwise (EG-4)",
  },
  {
    name: "lost-before-revoked",
    time: "revokeLostAfterMs",
    is: "at least",
    of: ["activityTimeoutMs"],
    words: "activityTimeoutMs + 1",
    boundMs: (t) => t.activityTimeoutMs + 1,
    because: "only an agent that is lost is revoked for being lost",
  },
  {
    name: "expired-before-revoked",
    time: "revokeLostAfterMs",
    is: "at least",
    of: ["leaseTtlMs", "activityTimeoutMs"],
    words: "leaseTtlMs − activityTimeoutMs",
    boundMs: (t) => t.leaseTtlMs - t.activityTimeoutMs,
    because: "a revocation takes jobs back while their holder still runs them by its own clock otherwise (I1)",
  },
  {
    name: "goodbye-outlasts-silence",
    time: "revokeShutdownAfterMs",
    is: "at least",
    of: ["revokeLostAfterMs"],
    words: "revokeLostAfterMs",
    boundMs: (t) => t.revokeLostAfterMs,
    because: "whoever said goodbye may stay away for longer than who fell silent",
  },
  {
    name: "skew",
    time: "signatureWindowMs",
    is: "at least",
    of: ["requestTimeoutMs"],
    words: "requestTimeoutMs + 1000",
    boundMs: (t) => t.requestTimeoutMs + 1_000,
    because: "a slow request expires on its way otherwise, between clocks that agree; signatures count whole seconds",
  },
  {
    name: "skew-of-results",
    time: "signatureWindowMs",
    is: "at least",
    of: ["resultTimeoutMs"],
    words: "resultTimeoutMs + 1000",
    boundMs: (t) => t.resultTimeoutMs + 1_000,
    because: "a result or checkpoint on a slow line expires on its way otherwise, and with it the work",
  },
  {
    name: "skew-of-the-last-word",
    time: "signatureWindowMs",
    is: "at least",
    of: ["shutdownTimeoutMs"],
    words: "shutdownTimeoutMs + 1000",
    boundMs: (t) => t.shutdownTimeoutMs + 1_000,
    because: "the last word to the broker expires on its way otherwise",
  },
];

/** Whether the times keep to a rule. */
export function holds({ time, is, boundMs }: TimingRule, timing: Timing): boolean {
  return is === "at least" ? timing[time] >= boundMs(timing) : timing[time] <= boundMs(timing);
}

/**
 * The rules that the times break, as sentences: which pair, both with their values, why, and what to change. Empty when
 * they are mutually safe.
 */
export function brokenTimingRules(timing: Timing): string[] {
  return timingRules.filter((rule) => !holds(rule, timing)).map((rule) => sentence(rule, timing));
}

/** Broken rules for a terminal: a paragraph each, within 80 columns. */
export function brokenRulesInLines(broken: readonly string[]): string {
  return broken.map((rule) => wrapText(`${rule}.`, { indent: "  ", hanging: "    " })).join("\n");
}

function sentence(rule: TimingRule, timing: Timing): string {
  const { name, time, is, of, words, boundMs, because } = rule;
  const bound = boundMs(timing);
  const values = of.map((other) => `${other} ${timing[other]}`).join(", ");
  const sign = is === "at least" ? "≥" : "≤";
  const advice =
    bound >= 1 ? `set ${time} ${sign} ${bound}, or change ${of.join(" or ")}` : `change ${of.join(" or ")}`;
  return `${name}: ${time} ${timing[time]} must be ${is} ${words} = ${bound} (${values}): ${because}; ${advice}`;
}
