import { describe, expect, test } from "vitest";

import { brokenTimingRules } from "../../../protocol/timing-rules.ts";
import { seededTape, type Tape } from "../kernel/choices.ts";
import { drawFaults, faultKinds } from "./draw-faults.ts";
import { Plan } from "./plan.ts";
import { planFor, profileNames } from "./profiles.ts";

const seeds = 300;
/** The long ones in small: what is drawn is drawn alike. */
const sizes = { churn: { agents: 20, minutes: 150 }, scale: { agents: 50, minutes: 5 } } as const;

const plansOf = (profile: (typeof profileNames)[number]): Plan[] =>
  Array.from({ length: seeds }, (_, number) =>
    planFor({ seed: `p-${number}`, profile, ...(profile in sizes ? sizes[profile as keyof typeof sizes] : {}) }),
  );

describe.each(profileNames)("every plan of the profile %s", (profile) => {
  const plans = plansOf(profile);

  test("is one, also after it was written down", () => {
    for (const plan of plans) {
      const written = Plan.parse(JSON.parse(JSON.stringify(plan)));
      expect(written).toEqual(plan);
      expect(plan.profile).toBe(profile);
    }
  });

  test("is the same for the same seed", () => {
    expect(plansOf(profile).slice(0, 20)).toEqual(plans.slice(0, 20));
  });

  test("has times that are safe together", () => {
    for (const { options, seed } of plans) expect(brokenTimingRules(options.timing), seed).toEqual([]);
  });

  test("has its steps in order, and names only agents of its cast", () => {
    for (const { steps, options, seed } of plans) {
      const times = steps.map(({ atMs }) => atMs);
      expect(times, seed).toEqual([...times].sort((a, b) => a - b));
      const agents = steps.flatMap((step) => ("agent" in step && step.agent !== null ? [step.agent] : []));
      expect(
        agents.every((agent) => agent < options.agents),
        seed,
      ).toBe(true);
    }
  });

  test("hands its work in within its safety phase, and has nothing long after it", () => {
    for (const { steps, options, seed } of plans) {
      const late = steps.filter(({ atMs }) => atMs > options.safetyMs);
      // What follows from an earlier step (a resume, a second signal) may come too late to happen.
      expect(
        late.filter(({ do: what }) => what === "submit" || what === "cancel" || what === "pause"),
        seed,
      ).toEqual([]);
      // A second kill, drawn for after the first one's restart, never happens if the faults have stopped by then.
      const longAfter = late.filter((step) => step.atMs > options.safetyMs + 45_000 && !step.do.startsWith("kill-"));
      expect(longAfter, seed).toEqual([]);
    }
  });

  test("has some work to do", () => {
    for (const { steps, seed } of plans)
      expect(
        steps.some((step) => step.do === "submit"),
        seed,
      ).toBe(true);
  });
});

describe("the swarm", () => {
  test("switches each kind off in about half of the seeds", () => {
    const without = new Map<string, number>();
    for (let number = 0; number < seeds; number += 1) {
      const { options } = planFor({ seed: `p-${number}`, profile: "swarm" });
      // So many faults, all of one weight, that a kind which is on is drawn for certain.
      const steps = drawFaults(overflowing(seededTape(`switch-${number}`)), {
        options,
        quick: false,
        submittedAtMs: [],
      });
      for (const kind of faultKinds) {
        if (!steps.some((step) => step.do === kind)) without.set(kind, (without.get(kind) ?? 0) + 1);
      }
    }
    for (const kind of faultKinds) {
      expect(without.get(kind), kind).toBeGreaterThanOrEqual(0.4 * seeds);
      expect(without.get(kind), kind).toBeLessThanOrEqual(0.6 * seeds);
    }
  });

  test.each(faultKinds)("tries %s in some seeds, and lacks it in many", (kind) => {
    const without = plansOf("swarm").filter(({ steps }) => !steps.some((step) => step.do === kind));
    expect(without.length).toBeGreaterThanOrEqual(0.3 * seeds);
    expect(without.length).toBeLessThanOrEqual(0.9 * seeds);
  });

  test("weighs what is on wildly: one kind may be most of a seed, and many kinds may share it", () => {
    const shares = plansOf("swarm").flatMap(({ steps }) => {
      const faults = steps.filter((step) => (faultKinds as readonly string[]).includes(step.do));
      if (faults.length < 10) return [];
      const most = Math.max(...faultKinds.map((kind) => faults.filter((step) => step.do === kind).length));
      return [most / faults.length];
    });
    expect(shares.filter((share) => share > 0.7).length).toBeGreaterThan(shares.length / 20);
    expect(shares.filter((share) => share < 0.4).length).toBeGreaterThan(shares.length / 20);
  });

  test("never sets the broker's clock back where its store may forget", () => {
    for (const { steps, seed } of plansOf("swarm")) {
      if (!steps.some((step) => step.do === "lose-store")) continue;
      const back = steps.filter((step) => step.do === "jump-clock" && step.agent === null && step.byMs < 0);
      expect(back, seed).toEqual([]);
    }
  });
});

test("a calm plan has no fault", () => {
  const kinds = new Set(plansOf("calm").flatMap(({ steps }) => steps.map((step) => step.do)));
  expect(faultKinds.filter((kind) => kinds.has(kind))).toEqual([]);
});

test("the cast and the length that are asked for are those of the plan", () => {
  for (const profile of profileNames) {
    const { options } = planFor({ seed: "p", profile, agents: 17, minutes: 3 });
    expect([options.agents, options.safetyMs]).toEqual([17, 180_000]);
  }
});

test("every quick seed ends in a withdrawal", () => {
  for (const { steps, seed } of plansOf("quick"))
    expect(
      steps.some((step) => step.do === "withdraw"),
      seed,
    ).toBe(true);
});

/** A tape that draws as the other does, but hundreds of faults of equal weight, none of which brings one of another kind. */
function overflowing(tape: Tape): Tape {
  return {
    stream(key) {
      const stream = tape.stream(key);
      const upTo: typeof stream.upTo = (kind, max) => {
        const value = stream.upTo(kind, max);
        if (kind === "faults") return 400;
        return kind.startsWith("weight:") ? 0 : value;
      };
      const chance: typeof stream.chance = (kind, ratio) => stream.chance(kind, ratio) && kind !== "restarts";
      return { upTo, chance };
    },
  };
}
