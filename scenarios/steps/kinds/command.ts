import * as z from "zod";

import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** The operator has the broker tell an agent to pause or to go on; what comes of that is waited for by other steps. */
export const command = stepKind(
  z.strictObject({ step: z.literal("command"), agent: agentName, command: z.enum(["pause", "resume"]) }),
  ({ agent, command }) => `the broker is to tell ${agent} to ${command}`,
);
