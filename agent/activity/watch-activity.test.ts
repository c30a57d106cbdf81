import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { temporaryDirectory } from "../testing/temporary-home.ts";
import { settledWish } from "./activity-wish.ts";
import { HeardPulses } from "./testing/heard-pulses.ts";
import { watchActivity } from "./watch-activity.ts";

function watching(given: Parameters<typeof settledWish>[0]) {
  const heard = new HeardPulses();
  const warnings: string[] = [];
  const options = {
    own: [],
    jobsMs: () => 0,
    onPulse: heard.onPulse,
    warn: (text: string) => void warnings.push(text),
  };
  return { heard, warnings, opened: watchActivity({ ...options, wish: settledWish(given) }) };
}

test("a burst is heard at its beginning and at its end, and not a thousand times", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const file = join(directory, "file");
  writeFileSync(file, "");
  const { heard, opened } = watching({ touch: [directory] });
  const watch = await opened;
  const beganMs = performance.now();
  await heard.after(() => appendFileSync(file, "1"));
  while (performance.now() - beganMs < 500) {
    appendFileSync(file, "1");
    await new Promise(setImmediate);
  }
  // One more comes of what was written while the last was just heard of.
  const last = await heard.after(() => appendFileSync(file, "1"));
  // The kernel's times of files are those of its last tick.
  expect(last.ageMs).toBeLessThan(performance.now() - beganMs + 20);
  expect(heard.pulses.length).toBeGreaterThanOrEqual(2);
  expect(heard.pulses.length).toBeLessThanOrEqual((performance.now() - beganMs) / 100 + 2);
  await watch.close();
  const count = heard.pulses.length;
  const other = watching({ touch: [directory] });
  await (await other.opened).close();
  expect(heard.pulses).toHaveLength(count);
});

test("what does not work here is told once, and the others work", async () => {
  const missing = join(temporaryDirectory(onTestFinished), "missing");
  const { heard, warnings, opened } = watching({ touch: [missing], schedules: ["* * * * *"], quietS: 1 });
  const watch = await opened;
  onTestFinished(() => watch.close());
  expect(watch.cannot).toEqual([expect.stringContaining(`Nothing is at ${missing}`)]);
  expect(warnings).toEqual(watch.cannot);
  expect(heard.pulses[0]).toMatchObject({ what: "schedule" });
});
