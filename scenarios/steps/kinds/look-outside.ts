import * as z from "zod";

import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Looks whether what an agent's jobs try outside their workspaces got there: a file, a port, a crontab. */
export const lookOutside = stepKind(
  z.strictObject({
    step: z.literal("look-outside"),
    agent: agentName,
    behaviour: z.enum(["writes-outside", "opens-port", "edits-crontab"]),
    when: z.enum(["at-work", "afterwards"]),
  }),
  ({ agent, behaviour, when }) =>
    `look what ${agent}'s jobs have reached with ${behaviour}${when === "at-work" ? "" : ", when they have ended"}`,
);
