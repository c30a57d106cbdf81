import { afterEach, describe, expect, it, vi } from "vitest";

import { catalog } from "../catalog/catalog.ts";
import { cannotRun } from "./cannot-run.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

const plain = {
  name: "plain",
  stages: ["host", "sim"] as const,
  steps: () => [],
  defaults: { slots: 1, jobs: 1, cycles: 1 },
};

describe("cannotRun", () => {
  it("names every program that is missing, and how to get it", () => {
    vi.stubEnv("PATH", "/nowhere");
    const skipped = cannotRun({ ...plain, needs: ["crontab", "bubblewrap"] }, "host");
    expect(skipped?.why).toMatch(/no crontab.*no bwrap/);
    expect(skipped?.remedy).toMatch(/apt-get install cron.*apt-get install bubblewrap/);
  });

  it("has nothing to say where nothing is missing, and in virtual time", () => {
    vi.stubEnv("PATH", "/nowhere");
    expect(cannotRun(plain, "host")).toBeNull();
    expect(cannotRun({ ...plain, needs: ["crontab"] }, "sim")).toBeNull();
  });

  it("names the stages for which it is, on another", () => {
    const skipped = cannotRun({ ...plain, stages: ["sim"] }, "host");
    expect(skipped?.why).toBe("It is not for the stage host.");
    expect(skipped?.remedy).toBe("Run it with --stage sim.");
  });

  it.each(catalog.map((scenario) => [scenario.name, scenario] as const))(
    "%s can run here, or says why not",
    (_, one) => {
      const skipped = cannotRun(one, "host");
      if (skipped === null) expect(one.stages.length).toBeGreaterThan(0);
      else for (const text of [skipped.why, skipped.remedy]) expect(text).toMatch(/^[A-Z].*\.$/);
    },
  );
});
