import type { ChoiceStream } from "../kernel/choices.ts";
import { livenessMsOf } from "./liveness-bound.ts";
import type { PlanOptions } from "./plan.ts";

/** In half of the plans jobs wait otherwise than usual after a failed attempt: hardly at all, or for long. */
export function withBackoff(stream: ChoiceStream, options: PlanOptions): PlanOptions {
  if (!stream.chance("unusual", 0.5)) return options;
  const backoffMs = 2 ** stream.upTo("backoffMs", 12);
  const timing = { ...options.timing, backoffMs, backoffMsMax: backoffMs * 2 ** stream.upTo("doublings", 3) };
  return { ...options, timing, livenessMs: livenessMsOf(timing) };
}
