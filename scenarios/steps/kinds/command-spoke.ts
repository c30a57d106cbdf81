import * as z from "zod";

import { Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

const titles = {
  spawn: "the hub starts an agent at its spoke",
  status: "the hub asks for its agents",
  kill: "the hub ends its agents",
} as const;

/** The hub has its spoke start one agent more, show all that it started, or end them. */
export const commandSpoke = stepKind(
  z.strictObject({ step: z.literal("command-spoke"), action: z.enum(["spawn", "status", "kill"]), withinMs: Ms }),
  ({ action }) => titles[action],
);
