import * as z from "zod";

import { agentName, Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Ends the agent's process, which is no withdrawal: by a signal, or by the broker's goodbye. No job may outlive it. */
export const shutdown = stepKind(
  z.strictObject({
    step: z.literal("shutdown"),
    agent: agentName,
    by: z.enum(["SIGTERM", "SIGINT", "goodbye"]),
    withinMs: Ms,
  }),
  ({ agent, by }) => (by === "goodbye" ? `the broker says goodbye to ${agent}` : `${agent} gets ${by}`),
);
