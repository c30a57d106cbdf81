import * as z from "zod";

import { stepKind } from "./step-kind.ts";

/** A second broker becomes the hub of the first. */
export const federate = stepKind(z.strictObject({ step: z.literal("federate") }), () => "a hub joins the broker");
