import { limits } from "../../../foundation/limits.ts";
import type { ChoiceStream } from "../kernel/choices.ts";
import { JobBehaviour, type PlanOptions, type PlanStep } from "./plan.ts";

const { priorityMax } = limits;

/** In some plans jobs have priorities; now and then so many of each come at once that most have to wait. */
export function drawPriorities(
  stream: ChoiceStream,
  { steps, options }: { steps: readonly PlanStep[]; options: PlanOptions },
): PlanStep[] {
  if (!stream.chance("ranked", 0.4)) return [...steps];
  const ranked = steps.map((step): PlanStep => (step.do === "submit" ? { ...step, ...drawPriority(stream) } : step));
  if (!stream.chance("crowd", 0.3)) return ranked;
  const { agents, slots, safetyMs } = options;
  const atMs = stream.upTo("at", Math.floor(safetyMs / 2));
  const behaviour = { ...JobBehaviour.parse({}), units: 1 + stream.upTo("units", 3), unitMs: 100 };
  const jobs = Math.min(8, agents * slots + 1);
  const crowd = [0, 1, 2].map((wave): PlanStep => {
    return { atMs: atMs + 10 * wave, do: "submit", jobs, behaviour, ...drawPriority(stream) };
  });
  return [...ranked, ...crowd];
}

/** Mostly near the middle, so that some are the same. */
function drawPriority(stream: ChoiceStream): { readonly priority?: number } {
  if (stream.chance("usual", 0.3)) return {};
  const most = stream.chance("far", 0.2) ? priorityMax : 1;
  return { priority: stream.upTo("priority", 2 * most) - most };
}
