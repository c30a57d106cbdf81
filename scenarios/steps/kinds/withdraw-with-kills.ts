import * as z from "zod";

import { WithdrawalStep } from "../../../protocol/withdrawal-report.ts";
import { agentName, Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/**
 * Asks the agent to withdraw, and kills it (kill -9) as soon as each of these steps of its withdrawal is in its journal;
 * after every kill it is started again and goes on by itself. The last start comes to the end.
 */
export const withdrawWithKills = stepKind(
  z.strictObject({
    step: z.literal("withdraw-with-kills"),
    agent: agentName,
    deadlineMs: Ms,
    at: z.array(WithdrawalStep.shape.step).min(1),
    /** For each start. */
    withinMs: Ms,
  }),
  ({ agent, at }) => `${agent} withdraws, and is killed at ${at.length} steps of it`,
);
