import { expect, test } from "vitest";

import { judgePair, type Play, roundsMax } from "./judge-pair.ts";

const passed: Play = { came: "passed" };
const complained: Play = { came: "complained", says: "pause-silence: it ran on", isFail: true };
const cannotTell: Play = { came: "complained", says: "fault-effects: no effect", isFail: false };
const spoilt: Play = { came: "spoilt", why: "not undone" };

/** Plays what is in the lists, in their order; one that is played beyond its list's end fails the test. */
async function judge(isOwn: boolean, withBug: readonly Play[], withoutBug: readonly Play[] = []) {
  const next = (plays: readonly Play[]) => {
    const left = [...plays];
    return async () => {
      const play = left.shift();
      if (play === undefined) throw new Error("played once too often");
      return play;
    };
  };
  return await judgePair({ isOwn, withBug: next(withBug), withoutBug: next(withoutBug) });
}

test("a bug is found by its own scenario that fails with it and passes without it", async () => {
  expect(await judge(true, [complained], [passed])).toEqual({
    ...{ result: "found", says: "pause-silence: it ran on", rounds: ["found"] },
  });
});

test("what fails without the bug too says nothing of it, and is played again", async () => {
  expect(await judge(true, [complained, complained], [complained, passed])).toMatchObject({
    ...{ result: "found", rounds: ["spoilt", "found"] },
  });
  expect(await judge(false, [complained, passed], [spoilt])).toMatchObject({
    ...{ result: "not-found", rounds: ["spoilt", "passed"] },
  });
});

test("another scenario that passes has not found it", async () => {
  expect(await judge(false, [passed])).toEqual({ result: "not-found", says: null, rounds: ["passed"] });
});

test("that another scenario finds it must be seen twice, and more often than not", async () => {
  expect(await judge(false, [complained, complained], [passed, passed])).toMatchObject({ result: "found" });
  expect(await judge(false, [complained, passed, passed], [passed])).toMatchObject({ result: "not-found" });
  expect(await judge(false, [cannotTell, passed, complained], [passed, passed])).toMatchObject({ result: "found" });
});

test("that its own scenario misses it must be seen twice too", async () => {
  expect(await judge(true, [passed, passed])).toMatchObject({ result: "not-found", rounds: ["passed", "passed"] });
  expect(await judge(true, [passed, complained, complained], [passed, passed])).toMatchObject({ result: "found" });
});

test("its own scenario that cannot tell has not found it", async () => {
  expect(await judge(true, [cannotTell, complained], [passed])).toMatchObject({ rounds: ["spoilt", "found"] });
});

test("a host on which nothing comes through leaves it undecided, and says why", async () => {
  const always = Array.from({ length: roundsMax }, () => complained);
  const verdict = await judge(false, always, always);
  expect(verdict).toMatchObject({ result: "undecided", says: "without the bug: pause-silence: it ran on" });
  expect(verdict.rounds).toHaveLength(roundsMax);
});
