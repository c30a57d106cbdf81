import * as z from "zod";

import { limits } from "../foundation/limits.ts";
import { AgentId, WallMs } from "./identifiers.ts";
import { Problem } from "./messages.ts";

/**
 * Ordered misbehaviour of a broker (`broker-sim serve --faults`): what its operator may have it do wrong, for how long
 * and to whom. For scenarios; without the flag every one of these is refused.
 */

/** Before the broker looks at a request, which then is lost; or after it decided, so that the answer is. */
const phase = z.enum(["request", "answer"]).default("request");

export const Fault = z.discriminatedUnion("kind", [
  /** Goes on later. What waits when the fault ends goes on at once. */
  z.strictObject({ kind: z.literal("latency"), delayMs: z.int().min(1).max(600_000), phase }),
  /** Goes on when the fault ends, and not before: as a late message, if its sender has given up. */
  z.strictObject({ kind: z.literal("hang"), phase }),
  /** Answers with this status and problem instead. */
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(400).max(599),
    code: Problem.shape.code.default("internal"),
    phase,
  }),
  /** Cuts the connection with a TCP reset. */
  z.strictObject({ kind: z.literal("reset"), phase }),
  /** Ends the connection after so many bytes of the answer's body, which says that it is longer. */
  z.strictObject({ kind: z.literal("truncate"), afterBytes: z.int().min(0).max(limits.checkpointBytesMax) }),
  /** Sends each event twice. */
  z.strictObject({ kind: z.literal("duplicate-events") }),
  /** Sends every second event before the first. One that waits for its second is sent when the fault ends. */
  z.strictObject({ kind: z.literal("reorder-events") }),
  /** Takes events for sent. A reconnect brings them only if the agent names an earlier one as its last. */
  z.strictObject({ kind: z.literal("drop-events") }),
  /**
   * Shows a clock that is wrong by so much, to everybody: the Date of answers, the times in them, and by which signatures
   * are judged. The broker's own deadlines run by steady time, as ever.
   */
  z.strictObject({
    kind: z.literal("wrong-clock"),
    aheadMs: z
      .int()
      .min(-31_536_000_000)
      .max(31_536_000_000)
      .refine((ms) => ms !== 0, "a clock that is ahead by nothing is right"),
  }),
  /**
   * The store acknowledges its last writes, so many of them, without having them. They are lost if the broker ends in the
   * meantime, killed or stopped; when the fault ends first they are written.
   */
  z.strictObject({ kind: z.literal("forget-writes"), writes: z.int().min(1).max(1_000) }),
]);
export type Fault = z.infer<typeof Fault>;
export type FaultKind = Fault["kind"];

/** What a rule of each kind can be narrowed to; a route is named as `POST /api/v1/agent/heartbeat`. */
export const faultScopes: Readonly<Record<FaultKind, readonly ("route" | "agentId")[]>> = {
  latency: ["route", "agentId"],
  hang: ["route", "agentId"],
  status: ["route", "agentId"],
  reset: ["route", "agentId"],
  truncate: ["route", "agentId"],
  "duplicate-events": ["agentId"],
  "reorder-events": ["agentId"],
  "drop-events": ["agentId"],
  "wrong-clock": [],
  "forget-writes": [],
};

/** `POST faults`. Without a route it is for every call of agents. */
export const PutFault = z.strictObject({
  fault: Fault,
  route: z.string().max(200).optional(),
  agentId: AgentId.optional(),
  /** Only the first so many times. */
  first: z.int().min(1).max(1_000_000).optional(),
  /** When it ends by itself. */
  expiresInMs: z.int().min(1).max(3_600_000),
});
export type PutFault = z.infer<typeof PutFault>;

export const faultEnds = ["expired", "removed", "used-up", "stopped"] as const;

/** One rule, in force or ended. */
export const FaultView = PutFault.omit({ expiresInMs: true }).extend({
  ruleId: z.string(),
  /** How often it had an effect. */
  hits: z.int().min(0),
  putAt: WallMs,
  expiresAt: WallMs,
  ended: z.strictObject({ at: WallMs, how: z.enum(faultEnds) }).nullable(),
});
export type FaultView = z.infer<typeof FaultView>;

/** `GET faults`: in the order in which they were put, those that ended included. */
export const FaultList = z.strictObject({ faults: z.array(FaultView) });
