import * as z from "zod";

import { agentName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/**
 * The owner of an agent that watches files touches one of them; unless it stands still already, it has to. One that is
 * to be ignored, because the owner let the host go on, is waited for no further: checker `activity-pauses`.
 */
export const touch = stepKind(
  z.strictObject({
    step: z.literal("touch"),
    agent: agentName,
    ignored: z.literal(true).optional(),
  }),
  ({ agent, ignored }) => `${agent}'s owner touches a file${ignored === true ? ", and nothing is to stop" : ""}`,
);
