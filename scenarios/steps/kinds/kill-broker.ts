import * as z from "zod";

import { agentName, Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** kill -9 of the broker; it comes back in the same place after so long, or with the step `start-broker`. */
export const killBroker = stepKind(
  z
    .strictObject({
      step: z.literal("kill-broker"),
      /** With `replays` less than the timing's `signatureWindowMs` by more than a second. */
      downMs: Ms.optional(),
      /**
       * A call that this agent's key signed is sent before and after, and must be refused then; not in virtual time.
       */
      replays: agentName.optional(),
    })
    .refine(({ downMs, replays }) => replays === undefined || downMs !== undefined, {
      path: ["replays"],
      error: "nothing is said again to a broker that stays away: give `downMs`, after which it is back",
    }),
  ({ downMs, replays }) => {
    const again = replays === undefined ? "" : `, and what ${replays} said before is said again`;
    return downMs === undefined ? "the broker is killed" : `the broker is killed, and down for ${downMs} ms${again}`;
  },
);
