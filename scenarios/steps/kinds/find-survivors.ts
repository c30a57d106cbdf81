import * as z from "zod";

import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Looks, when an agent or its jobs have ended, for every process that was seen of those. */
export const findSurvivors = stepKind(
  z.strictObject({ step: z.literal("find-survivors"), agent: agentName }),
  ({ agent }) => `look for processes of ${agent}'s jobs`,
);
