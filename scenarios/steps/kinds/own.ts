import * as z from "zod";

import { stepKind } from "./step-kind.ts";

/** A step that a scenario's author defined, by its name; see `defineStep`. */
export const own = stepKind(
  z.strictObject({ step: z.literal("own"), name: z.string(), parameters: z.json().optional() }),
  ({ name, parameters }) => `${name}${parameters === undefined ? "" : ` ${JSON.stringify(parameters)}`}`,
);
