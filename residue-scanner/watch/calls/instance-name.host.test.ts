import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { expect, it, onTestFinished } from "vitest";

import { ask, instancesOf, lackForCalls, watchedCalls, withInstances } from "../../testing/watched-calls.ts";
import { removeInstance, removeLeftoverInstances } from "./instance-name.ts";

const lack = await lackForCalls();
/** The second one is that of requests. */
const numberOf = (name: string): number => Number(name.split("-").at(-1));
const byNumber = (one: string, other: string): number => numberOf(one) - numberOf(other);
const because = lack === null ? "" : ` (${lack})`;

it.skipIf(lack !== null)(
  `an instance is taken for dead by its recorder's pid and start time, and left elsewhere${because}`,
  async () => {
    const name = `houseguest-${process.pid}-1-0`;
    const after = await withInstances((directory) => {
      onTestFinished(() => withInstances((place) => void removeInstance(join(place, name), 1)));
      mkdirSync(join(directory, name));
      const elsewhere = removeLeftoverInstances(dirname(directory), false);
      expect(elsewhere.removed).toEqual([]);
      expect(elsewhere.left).toContainEqual({ name, why: expect.stringContaining("first PID namespace") });
      return removeLeftoverInstances(dirname(directory)).removed;
    });
    expect(after).toContain(name);
  },
);

it.skipIf(lack !== null)(`an instance that is taken for dead and is not goes on to trace${because}`, async () => {
  const source = await watchedCalls();
  const own = await instancesOf(process.pid);
  expect(own).toHaveLength(2);
  const removed = await withInstances((directory) => own.filter((name) => removeInstance(join(directory, name), 1)));
  expect(removed).toEqual([]);
  const { pid } = ask([["int swapoff(const char *path)", "/nothing/here"]]);
  expect(source.stop().acts.filter(({ thread }) => thread === pid)).toMatchObject([{ call: "swapoff" }]);
  expect(source.source()).toMatchObject({ status: "done", detail: "" });
});

it.skipIf(lack !== null).each([
  ["events are turned off", "events/enable", "0", 0],
  ["an event is turned off", "events/syscalls/sys_enter_swapon/enable", "0", 0],
  ["requests of others are told in place of the run's", "set_event_pid", "1", 1],
])(`evidence is lost where %s${because}`, async (_, file, text, which) => {
  const source = await watchedCalls();
  const own = (await instancesOf(process.pid)).sort(byNumber)[which];
  await withInstances((directory) => writeFileSync(join(directory, String(own), file), text));
  source.stop();
  expect(source.source()).toMatchObject({ status: "lost", detail: expect.stringContaining("somebody") });
});
