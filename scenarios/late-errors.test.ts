import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";

import { expect, it, onTestFinished } from "vitest";

import { runFixtures } from "../reports/testing/run-fixtures.ts";
import { LateErrors } from "./late-errors.ts";
import { createRunDirectory } from "./run-directory.ts";
import { asRun, hearErrors, tellFurther } from "./unheard-errors.ts";

it("writes what comes late down when no run is under way, which would have the change for residue", async () => {
  const root = mkdtempSync(`${tmpdir()}/late-errors-`);
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const directory = createRunDirectory(root, "early", new Date());
  const errorNow = () => (JSON.parse(readFileSync(directory.verdict, "utf8")) as { error: unknown }).error;
  const [fail, isTold] = [Promise.withResolvers<never>(), Promise.withResolvers<void>()];
  await asRun("early", async () => {
    const stop = hearErrors(() => undefined);
    new LateErrors(directory).write(runFixtures.passing().verdict);
    void fail.promise.catch(tellFurther).then(isTold.resolve);
    stop();
  });
  await asRun("other", async () => {
    const stop = hearErrors(() => undefined);
    fail.reject(new Error("too late"));
    await isTold.promise;
    expect(errorNow()).toBe(null);
    stop();
    expect(errorNow()).toContain("too late");
  });
});
