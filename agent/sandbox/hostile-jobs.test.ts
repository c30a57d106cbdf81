import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { bubblewrapDriver } from "./bubblewrap-driver.ts";
import { probeBubblewrap } from "./bubblewrap-probe.ts";
import { mayDelegate, ownCgroup } from "./cgroup.ts";
import { processDriver } from "./process-driver.ts";
import { DriverBed, type MakeDriver } from "./testing/driver-bed.ts";
import { type HostileJob, hostileJobs } from "./testing/hostile-jobs.ts";
import { type HostileColumn, hostileColumns, hostileTable, outcomeInWords } from "./testing/hostile-table.ts";
import { hostileTrial } from "./testing/hostile-trial.ts";
import { canLimitProcesses } from "./testing/process-limit.ts";

const own = ownCgroup();
const delegated = own !== null && mayDelegate(own);
const isRoot = process.getuid?.() === 0;
const found = await probeBubblewrap({ environment: process.env, network: "none", hidden: [], workspace: tmpdir() });
if (!found.works) console.warn(`Skipped: hostile jobs under the bubblewrap driver, because ${found.why}`);
const bubblewrap: MakeDriver | null = found.works
  ? ({ home, ...options }) => bubblewrapDriver({ ...options, ...found.options, hidden: [home] })
  : null;

const subjects: { column: HostileColumn; makeDriver: MakeDriver | null }[] = [
  { column: hostileColumns[0], makeDriver: delegated ? bubblewrap : null },
  {
    column: hostileColumns[1],
    makeDriver: bubblewrap === null ? null : (options) => bubblewrap({ ...options, cgroupRoot: null }),
  },
  { column: hostileColumns[2], makeDriver: delegated ? ({ home: _, ...options }) => processDriver(options) : null },
  {
    column: hostileColumns[3],
    makeDriver: ({ home: _, ...options }) => processDriver({ ...options, cgroupRoot: null }),
  },
];
const results = new Map(hostileJobs.map(({ name }) => [name, new Map<HostileColumn, string>()]));

function canRun({ rootOnly, bomb }: HostileJob): boolean {
  return (rootOnly !== true || isRoot) && (bomb !== true || canLimitProcesses());
}

describe.each(subjects)("a hostile job under $column", ({ column, makeDriver }) => {
  for (const job of hostileJobs) {
    test.skipIf(makeDriver === null || !canRun(job))(job.name, { timeout: 120_000 }, async () => {
      const bed = new DriverBed(makeDriver as MakeDriver);
      try {
        const outcome = await hostileTrial({ bed, job });
        results.get(job.name)?.set(column, outcomeInWords(outcome));
        expect(outcome).toMatchObject({ ended: true, wiped: true });
        expect(outcome.frozen).not.toBe(false);
        if (column.startsWith("`bubblewrap`")) expect(outcome.outside).toEqual([]);
      } finally {
        await bed.close();
      }
    });
  }
});

test("the table in the documentation is what was measured", async () => {
  const path = join(import.meta.dirname, "../../docs/hostile-jobs.md");
  await expect(hostileTable(results, path)).toMatchFileSnapshot(path);
});
