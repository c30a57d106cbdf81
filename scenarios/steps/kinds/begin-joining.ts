import * as z from "zod";

import { limits } from "../../../foundation/limits.ts";
import { agentName, Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Starts an agent that finds no broker, and waits only until it answers its owner; it is Enrolling then. */
export const beginJoining = stepKind(
  z.strictObject({
    step: z.literal("begin-joining"),
    agent: agentName,
    slots: z.int().min(1).max(limits.slotsMax),
    withinMs: Ms,
  }),
  ({ agent }) => `${agent} starts, and is not let in yet`,
);
