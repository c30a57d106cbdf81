import * as z from "zod";

import { agentName, Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** The owner asks the agent to withdraw; waits until its process is gone. */
export const withdraw = stepKind(
  z.strictObject({
    step: z.literal("withdraw"),
    agent: agentName,
    deadlineMs: Ms,
    /** Keep submitting jobs of this batch while the withdrawal runs, so that offers keep coming. */
    underLoad: z.string().optional(),
    /** How many times it is asked at once; each asker is to hear the same report. */
    asks: z.int().min(1).max(8).optional(),
  }),
  ({ agent, underLoad, asks = 1 }) =>
    `${agent} withdraws${underLoad === undefined ? "" : " while jobs keep coming"}${asks > 1 ? `, asked ${asks} times at once` : ""}`,
);
