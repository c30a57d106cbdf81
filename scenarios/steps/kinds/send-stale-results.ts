import * as z from "zod";

import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/**
 * Sends, as an agent whose leases were taken back would and signed with its key, under each of them how far it got, a
 * hand-back and a result. The agent
 * itself may be wiser than that: what is tried is the broker's fence.
 */
export const sendStaleResults = stepKind(
  z.strictObject({ step: z.literal("send-stale-results"), agent: agentName }),
  ({ agent }) => `results come from ${agent}, under leases that are over`,
);
