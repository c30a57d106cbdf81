import * as z from "zod";

import { limits } from "../../../foundation/limits.ts";
import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Starts an agent and waits until it has joined. */
export const join = stepKind(
  z.strictObject({
    step: z.literal("join"),
    agent: agentName,
    slots: z.int().min(1).max(limits.slotsMax),
    /** It pauses by itself when its owner touches a file, and goes on after nothing was touched for so many seconds. */
    quietS: z.int().min(1).optional(),
    /** It reaches the broker over a line that faults can disturb (`disturb-link`); in virtual time everybody does. */
    link: z.boolean().optional(),
  }),
  ({ agent, slots, quietS }) =>
    `${agent} joins with ${slots} slots${quietS === undefined ? "" : ", and watches its owner's files"}`,
);
