import * as z from "zod";

import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/**
 * Sends, as an agent whose leases were taken back would and signed with its key, a result under each of them. The agent
 * itself may be wiser than that: what is tried is the broker's fence.
 */
export const sendStaleResults = stepKind(
  z.strictObject({ step: z.literal("send-stale-results"), agent: agentName }),
  ({ agent }) => `results come from ${agent}, under leases that are over`,
);
