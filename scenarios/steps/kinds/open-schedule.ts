import * as z from "zod";

import { stepKind } from "./step-kind.ts";

/** The times of the steps `on-schedule` count from here; whoever of the cast ends from now on is started again. */
export const openSchedule = stepKind(
  z.strictObject({
    step: z.literal("open-schedule"),
  }),
  () => "the schedule begins",
);
