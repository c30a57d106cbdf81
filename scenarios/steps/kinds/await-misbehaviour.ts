import * as z from "zod";

import { misbehaviours } from "../../jobs/behaviours.ts";
import { agentName, Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Until so many jobs of the agent are seen, from outside, doing what they should not. */
export const awaitMisbehaviour = stepKind(
  z.strictObject({
    step: z.literal("await-misbehaviour"),
    agent: agentName,
    behaviour: z.enum(misbehaviours),
    jobs: z.int().min(1),
    withinMs: Ms,
  }),
  ({ agent, behaviour, jobs }) => `wait until ${jobs} jobs of ${agent} are seen with ${behaviour}`,
);
