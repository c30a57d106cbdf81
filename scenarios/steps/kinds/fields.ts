import * as z from "zod";

import { limits } from "../../../foundation/limits.ts";

/** A duration in milliseconds. */
export const Ms = z.int().min(1).max(limits.timerMsMax);

/** Which agent of the cast. */
export const agentName = z.string().regex(/^[a-z][a-z0-9-]{0,20}$/);
/** By which a fault is healed: a word, or the name of its kind. */
export const faultName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/);
