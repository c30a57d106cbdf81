import * as z from "zod";

import { historyEvents, type HistoryType } from "../../../protocol/history.ts";
import { agentName, Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/**
 * Until the history holds such a record. Those count too that were there before the step began: what is waited for may
 * have happened meanwhile.
 */
export const waitUntil = stepKind(
  z.strictObject({
    step: z.literal("wait-until"),
    event: z.enum(Object.keys(historyEvents) as [HistoryType, ...HistoryType[]]),
    /** Fields of the record's data, and what must be in them. */
    where: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
    /** The agent that it is of. */
    agent: agentName.optional(),
    /** How many of them; one, if nothing is said. */
    count: z.int().min(1).optional(),
    withinMs: Ms,
  }),
  ({ event, where = {}, agent, count = 1 }) => {
    const fields = Object.entries(where).map(([field, value]) => `${field} ${String(value)}`);
    const times = count === 1 ? "" : `${count} × `;
    const detail = fields.length === 0 ? "" : ` (${fields.join(", ")})`;
    return `wait for ${times}${event}${detail}${agent === undefined ? "" : ` of ${agent}`}`;
  },
);
