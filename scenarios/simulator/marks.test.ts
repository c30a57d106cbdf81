import { expect, test } from "vitest";

import { type Mark, marks } from "../../foundation/sometimes.ts";
import { planFor } from "./plan/profiles.ts";
import { simulate } from "./simulate.ts";

/** Every fourth seed is one of the swarm; the rest are quick. It ends as soon as every mark was hit. */
const runsMax = 2_400;

/** What no run of the model comes to, and why. Whoever gets there all the same strikes it off this list. */
const never: Partial<Record<Mark, string>> = {
  "a completion was repeated with another result": "an agent journals a lease's one result before it says it",
  "a withdrawal found that its key was gone":
    "nothing in the model deletes a key but a withdrawal, after the broker heard of it",
  "a withdrawal found that the broker was never told of the agent":
    "every modelled instance is started to join, and asks for that before it hears its owner",
};

/** What too few runs come to for these seeds to find it every time, and what has to come together for it. */
const rare: Partial<Record<Mark, string>> = {
  "an upload was refused for good": "a checkpoint too large for the broker, saved before anybody gave it up",
  "an upload began anew because the broker had thrown it away": "the same as for one that is thrown away",
  "a pause took a periodic freeze over": "a pause in the milliseconds of a periodic freeze",
  "a job ended by itself just before it was frozen": "a job's last millisecond and a freeze",
  "a checkpoint was ready after its freeze was over": "a resume while an archive is being written",
  "a lease was stopped while its sandbox was being spawned": "a revocation in the milliseconds of a spawn",
  "a process could not be killed": "a job that sleeps in the kernel, ended a minute before the faults are",
  "strays of an earlier instance could not be ended": "the same, and an agent that is killed meanwhile",
  "a third signal ended a shutdown at once": "a shutdown that lasts through two more signals",
  "a third signal broke a withdrawal off": "a withdrawal that lasts through three signals",
  "a withdrawal was caused by a revocation": "an agent that is away until it is revoked, and comes back",
  "a withdrawal took a shutdown over": "an owner who withdraws in the seconds of a shutdown",
  "a withdrawal was fenced and enrolled again": "an earlier instance's enrolment that arrives during a withdrawal",
  "a withdrawal left something behind": "a job that sleeps in the kernel throughout a withdrawal",
  "a later instance acted on an inherited lease": "a store that forgets nothing but the heartbeat that named the lease",
  "a hand-back was repeated and answered alike": "a lost answer to a hand-back, and no new grant before the next try",
  "a hand-back came without its last checkpoint": "a store that forgets a blob between its upload and the hand-back",
  "word of a checkpoint came after that of a later one": "two freezes within the time that a message takes",
  "a checkpoint was refused because its blobs were not there": "the same between its upload and the word of it",
  "an upload was thrown away because it had not its digest":
    "a broker's machine that stops between two chunks, whose disk does not give back what it was given",
  "an unfinished upload expired":
    "an upload whose agent stays away for as long as its lease lives, and is renewed then",
  "an unfinished upload gave way to a later one of its lease": "three checkpoints of a lease that are cut off in turn",
  "the store had forgotten a grant, and the epoch leapt": "a store that forgets a grant whose holder lives on",
};

test("the seeds get into every rare situation but the listed ones", () => {
  const missing = new Set<Mark>(marks.filter((mark) => never[mark] === undefined && rare[mark] === undefined));
  const surprising = new Set<Mark>();
  for (let run = 0; run < runsMax && missing.size > 0; run += 1) {
    const plan = planFor({ seed: `marks-${run}`, profile: run % 4 === 3 ? "swarm" : "quick" });
    const outcome = simulate(plan, { checkers: false, digest: false });
    for (const mark of marks) {
      if ((outcome.marks[mark] ?? 0) === 0) continue;
      missing.delete(mark);
      if (never[mark] !== undefined) surprising.add(mark);
    }
  }
  expect({ missing: [...missing], surprising: [...surprising] }).toEqual({ missing: [], surprising: [] });
});

test("no mark is excused twice", () => {
  expect(Object.keys(never).filter((mark) => mark in rare)).toEqual([]);
});
