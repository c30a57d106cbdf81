import * as z from "zod";

import { limits } from "../../../foundation/limits.ts";
import { Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** The broker starts agents on its own host: until each has joined, and so many jobs are leased to them. */
export const spawn = stepKind(
  z.strictObject({
    step: z.literal("spawn"),
    agents: z.int().min(1).max(16),
    slots: z.int().min(1).max(limits.slotsMax),
    leases: z.int().min(0),
    withinMs: Ms,
  }),
  ({ agents }) => `the broker starts ${agents} agents`,
);
