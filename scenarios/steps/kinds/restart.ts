import * as z from "zod";

import { agentName, Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Starts the agent again in the home that its earlier process left, and waits until it is there. */
export const restart = stepKind(
  z.strictObject({
    step: z.literal("restart"),
    agent: agentName,
    withinMs: Ms,
  }),
  ({ agent }) => `${agent} starts again`,
);
