import { describe, expect, test } from "vitest";

import { type Choice, recordingTape } from "./kernel/choices.ts";
import { Plan } from "./plan/plan.ts";
import { planFor } from "./plan/profiles.ts";
import { simulate } from "./simulate.ts";

const seedsOf = { quick: 60, swarm: 20 } as const;
const plansOf = (profile: keyof typeof seedsOf, count: number = seedsOf[profile]): Plan[] =>
  Array.from({ length: count }, (_, number) => planFor({ seed: `same-${number}`, profile }));
const digestOf = (plan: Plan): string => simulate(plan, { checkers: false }).digest as string;
const firstDigests = new Map<string, string>();

/** The digest of the first run of a plan, which every other way to run it is compared with. */
function firstDigestOf(plan: Plan): string {
  const known = `${plan.profile} ${plan.seed}`;
  const digest = firstDigests.get(known) ?? digestOf(plan);
  firstDigests.set(known, digest);
  return digest;
}

describe.each(["quick", "swarm"] as const)("a plan of the profile %s", (profile) => {
  test("gives the same history each time, and others give others", () => {
    const plans = plansOf(profile);
    for (const plan of plans) expect(digestOf(plan), plan.seed).toBe(firstDigestOf(plan));
    expect(new Set(firstDigests.values()).size).toBe(firstDigests.size);
  });

  test("gives the same history whether messages are handed over or cross as bytes", () => {
    for (const plan of plansOf(profile)) {
      const encoding = plan.options.encoding === "bytes" ? "objects" : "bytes";
      expect(digestOf({ ...plan, options: { ...plan.options, encoding } }), plan.seed).toBe(firstDigestOf(plan));
    }
  });

  test("gives the same history whoever looks on", () => {
    for (const plan of plansOf(profile, seedsOf[profile] / 4)) {
      let observed = 0;
      const watched = simulate(plan, { observe: () => (observed += 1) });
      expect([watched.failure, watched.digest], plan.seed).toEqual([null, firstDigestOf(plan)]);
      expect(observed).toBe(watched.records);
      const { digest, ...unseen } = simulate(plan, { checkers: false, digest: false });
      expect(digest).toBeNull();
      expect({ ...unseen, digest: watched.digest }, plan.seed).toEqual(watched);
    }
  });
});

describe("a run that was recorded", () => {
  test("is the same when its tape is replayed, also after the plan was written down", () => {
    for (const plan of plansOf("quick", 20)) {
      const tape: Choice[] = [];
      const recorded = simulate(plan, {
        checkers: false,
        tape: recordingTape(plan.seed, (choice) => tape.push(choice)),
      });
      expect(recorded.digest, plan.seed).toBe(firstDigestOf(plan));
      const written = Plan.parse(JSON.parse(JSON.stringify({ ...plan, tape })));
      expect(digestOf(written), plan.seed).toBe(recorded.digest);
    }
  });

  test("is another one when its tape is left out, so that the tape is what decides", () => {
    const plans = plansOf("quick", 20);
    const changed = plans.filter((plan) => digestOf({ ...plan, tape: [] }) !== firstDigestOf(plan));
    expect(changed.length).toBe(plans.length);
  });
});
