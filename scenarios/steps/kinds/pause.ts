import * as z from "zod";

import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** The owner pauses the agent, and is seen to have the processor back. */
export const pause = stepKind(
  z.strictObject({
    step: z.literal("pause"),
    agent: agentName,
    /** It is to say no, by name: it is on its way out. */
    refused: z.literal(true).optional(),
  }),
  ({ agent, refused }) => (refused === true ? `${agent} refuses to pause` : `${agent} pauses`),
);
