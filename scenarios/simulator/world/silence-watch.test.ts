import { expect, test } from "vitest";

import { SmallHost } from "../testing/small-host.ts";
import { SilenceWatch } from "./silence-watch.ts";

type Meddle = (bed: SmallHost) => void;

test.each<[string, Meddle, { processes: number; running: number }]>([
  ["stands still throughout", () => undefined, { processes: 2, running: 0 }],
  ["goes on in between", ({ host }) => all(host, (job) => (job.goOn(), job.stop())), { processes: 2, running: 2 }],
  ["goes on at the end", ({ host }) => all(host, (job) => job.goOn()), { processes: 2, running: 2 }],
  ["is ended without having run", ({ host }) => host.losePower(), { processes: 0, running: 0 }],
  ["is joined by another", (bed) => void bed.startJob({}, { lease: "late" }), { processes: 3, running: 1 }],
  [
    "is joined by another that stands still",
    (bed) => bed.startJob({}, { lease: "late" }).stop(),
    { processes: 3, running: 1 },
  ],
])("a job that %s", (_, meddle, expected) => {
  const bed = new SmallHost();
  const { small, host } = bed;
  bed.startJob({ children: 1, units: 1_000 }).stop();
  const watch = new SilenceWatch(host);
  watch.begin();
  small.at(400, () => meddle(bed));
  small.passUntil(1_000);
  watch.end();
  watch.end();
  const cpuUsedUs = expected.running > 0 ? 1_000_000 : 0;
  expect(small.said("witness.frozen")).toEqual([{ agentId: host.agentId, ...expected, cpuUsedUs, forMs: 1_000 }]);
});

test("one that ran when the pause began is seen, though it stands still by its end", () => {
  const bed = new SmallHost();
  const job = bed.startJob();
  const watch = new SilenceWatch(bed.host);
  watch.begin();
  job.stop();
  bed.small.passUntil(500);
  watch.end();
  expect(bed.small.said("witness.frozen")).toMatchObject([{ processes: 1, running: 1 }]);
});

test.each([
  { ran: "stood still", meddle: false, running: 0 },
  { ran: "had run", meddle: true, running: 1 },
])("one that hears its TERM and goes on for that is told of by whether it $ran until then", ({ meddle, running }) => {
  const bed = new SmallHost();
  const job = bed.startJob({ onTerm: "ignores" });
  job.stop();
  const watch = new SilenceWatch(bed.host);
  watch.begin();
  if (meddle) {
    job.goOn();
    job.stop();
  }
  watch.releases(job);
  job.terminate({ graceMs: 1_500, deadlineMs: 5_000, by: { alive: true } }, () => undefined);
  bed.small.passUntil(500);
  watch.releases(job);
  watch.end();
  expect(bed.small.said("witness.frozen")).toMatchObject([{ processes: 1, running }]);
});

test("what is not watched is not told of", () => {
  const bed = new SmallHost();
  new SilenceWatch(bed.host).end();
  expect(bed.small.records).toEqual([]);
});

function all(host: SmallHost["host"], happens: (job: ReturnType<SmallHost["startJob"]>) => void): void {
  for (const job of host.sandboxes.values()) happens(job);
}
