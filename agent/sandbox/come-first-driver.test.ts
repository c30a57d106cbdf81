import { existsSync } from "node:fs";

import { expect, test, vi } from "vitest";

import { DriverBed, until } from "./testing/driver-bed.ts";
import { processDriver } from "./process-driver.ts";

const said = vi.hoisted((): boolean[] => []);

vi.mock("./come-first.ts", () => ({
  ComesFirst: class {
    set(isFirst: boolean): void {
      if (said.at(-1) !== isFirst) said.push(isFirst);
    }
  },
}));

test("the agent comes first while its jobs run: not before, not while they stand still or it works for itself, not when they are gone", async () => {
  const bed = new DriverBed((options) => processDriver(options));
  try {
    expect(said).not.toContain(true);
    const { file, sandbox } = await bed.start("echo > ready; exec sleep 60");
    await until(() => existsSync(file("ready")), "the job runs");
    expect(said.at(-1)).toBe(true);
    bed.driver.freezeAll();
    expect(said.at(-1)).toBe(false);
    bed.driver.thawAll();
    expect(said.at(-1)).toBe(true);
    const packing = Promise.withResolvers<string>();
    const packed = bed.driver.asOrdinary(async () => await packing.promise);
    expect(said.at(-1)).toBe(false);
    bed.driver.freezeAll();
    bed.driver.thawAll();
    expect(said.at(-1)).toBe(false);
    packing.resolve("packed");
    expect(await packed).toBe("packed");
    expect(said.at(-1)).toBe(true);
    await sandbox.terminate({ graceMs: 0, deadlineMs: 60_000 });
    await until(() => said.at(-1) === false, "the agent is an ordinary program again");
  } finally {
    await bed.close();
  }
});
