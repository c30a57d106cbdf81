import { checkerOf, passed, type RecordOf, undecided } from "./checker.ts";

interface Seen {
  readonly name: string;
  effect: RecordOf<"fault.effect">["data"] | null;
}

/**
 * A fault that did nothing proves nothing: what it was to show is then unknown. Judged wherever a step ordered a fault,
 * whatever else the scenario expects.
 */
export const faultEffects = checkerOf("every fault had an effect that was measured (WC-11)", () => {
  const faults = new Map<number, Seen>();
  const of = (
    id: number,
    { kind, fault, target }: { kind?: string | undefined; fault: string; target: string },
  ): Seen => {
    const seen = faults.get(id) ?? { name: `${kind ?? fault} on ${target.slice(0, 12)}`, effect: null };
    faults.set(id, seen);
    return seen;
  };
  return {
    on: {
      "fault.applied": ({ data }) => {
        if (data.faultId !== undefined) of(data.faultId, data);
      },
      "fault.effect": ({ data }) => {
        if (data.faultId !== undefined) of(data.faultId, data).effect = data;
      },
    },
    end: () => {
      const all = [...faults.values()];
      for (const { name, effect } of all) {
        if (effect === null) return undecided(`nothing was measured of the fault ${name}: it was not healed`);
        if (!effect.seen) {
          return undecided(
            `the fault ${name} had no effect to be seen: looked for ${effect.lookedFor}; ${effect.found}`,
          );
        }
      }
      if (all.length === 0) return undecided("no step ordered a fault");
      return passed(all.map(({ name, effect }) => `${name}: ${effect?.found}`).join("; "));
    },
  };
});
