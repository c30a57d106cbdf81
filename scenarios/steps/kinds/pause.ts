import * as z from "zod";

import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** The owner pauses the agent, and is seen to have the processor back. */
export const pause = stepKind(
  z.strictObject({
    step: z.literal("pause"),
    agent: agentName,
  }),
  ({ agent }) => `${agent} pauses`,
);
