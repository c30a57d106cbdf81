import { withSteps } from "./edit-plan.ts";
import { minimizeList } from "./minimize-list.ts";
import type { ShrinkSearch } from "./shrink-search.ts";

/** Leaves out every step that the violation does not need. */
export function fewerSteps(search: ShrinkSearch): void {
  const { plan } = search;
  const places = plan.steps.map((_, index) => index);
  const holds = (kept: readonly number[]) => {
    const stays = new Set(kept);
    return search.tries(
      withSteps(
        plan,
        plan.steps.map((step, index) => (stays.has(index) ? step : null)),
      ),
    );
  };
  minimizeList(places, { holds, gaveUp: () => search.exhausted });
}
