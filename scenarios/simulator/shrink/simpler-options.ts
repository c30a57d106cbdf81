import { defaultTiming, type Timing } from "../../../protocol/timing.ts";
import type { Plan, PlanOptions } from "../plan/plan.ts";
import { withAgents } from "./edit-plan.ts";
import { minimizeList } from "./minimize-list.ts";
import type { ShrinkSearch } from "./shrink-search.ts";
import { smallerNumbers } from "./smaller-numbers.ts";

/** Up to so many agents, each is tried on its own. */
const agentsOneByOneMax = 64;

/** As few agents as the violation needs: those that steps name, then those and ever more others, then one by one. */
export function fewerAgents(search: ShrinkSearch): void {
  const { plan } = search;
  const named = agentsNamed(plan);
  const others = Array.from({ length: plan.options.agents }, (_, agent) => agent).filter((agent) => !named.has(agent));
  for (
    let extra = named.size === 0 ? 1 : 0;
    extra < others.length && !search.exhausted;
    extra = Math.max(1, 2 * extra)
  ) {
    const kept = [...named, ...others.slice(0, extra)].sort((left, right) => left - right);
    if (search.tries(withAgents(plan, kept))) break;
  }
  const fewer = search.plan;
  if (fewer.options.agents === 1 || fewer.options.agents > agentsOneByOneMax) return;
  const all = Array.from({ length: fewer.options.agents }, (_, agent) => agent);
  const holds = (kept: readonly number[]) => kept.length > 0 && search.tries(withAgents(fewer, kept));
  minimizeList(all, { holds, gaveUp: () => search.exhausted });
}

/** Fewer slots, clocks that agree, a network without spread, the usual times. */
export function simplerOptions(search: ShrinkSearch): void {
  const edit = (change: (options: PlanOptions) => Partial<PlanOptions>): boolean => {
    const { plan } = search;
    const options = { ...plan.options, ...change(plan.options) };
    return JSON.stringify(options) !== JSON.stringify(plan.options) && search.tries({ ...plan, options });
  };
  edit(() => ({ encoding: "objects" }));
  edit(() => ({ clockSkewMs: 0 }));
  edit(() => ({ joinWithinMs: 0 }));
  edit(({ latencyMsMin }) => ({ latencyMsMax: latencyMsMin }));
  for (const quietMs of smallerNumbers(search.plan.options.quietMs ?? 0, { min: 1 }))
    if (edit(() => ({ quietMs }))) break;
  for (const slots of smallerNumbers(search.plan.options.slots, { min: 1 })) if (edit(() => ({ slots }))) break;
  for (const ms of smallerNumbers(search.plan.options.latencyMsMin, { min: 1 })) {
    const spread = search.plan.options.latencyMsMax - search.plan.options.latencyMsMin;
    if (edit(() => ({ latencyMsMin: ms, latencyMsMax: ms + spread }))) break;
  }
  if (edit(() => ({ timing: defaultTiming }))) return;
  for (const name of Object.keys(defaultTiming) as (keyof Timing)[]) {
    edit(({ timing }) => ({ timing: { ...timing, [name]: defaultTiming[name] } }));
  }
}

function agentsNamed({ steps }: Plan): Set<number> {
  const named = new Set<number>();
  for (const step of steps) if ("agent" in step && step.agent !== null) named.add(step.agent);
  return named;
}
