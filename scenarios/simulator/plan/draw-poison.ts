import type { ChoiceStream } from "../kernel/choices.ts";
import type { PlanOptions, PlanStep } from "./plan.ts";
import { work } from "./situation.ts";

/** A job that brings down whatever agent runs it, again and again (docs/cases.md, case 19). */
export function drawPoison(stream: ChoiceStream, options: PlanOptions): PlanStep {
  const units = 1 + stream.upTo("units", 9);
  const atMs = stream.upTo("at", Math.floor(options.safetyMs / 2));
  const killsAgentAfterUnits = stream.upTo("kills", units - 1);
  const lastsMs = 100 + stream.upTo("lasts", 6_000);
  return work({ options, agent: 0, atMs }, { units, jobs: 1, lastsMs, killsAgentAfterUnits });
}
