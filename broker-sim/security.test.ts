import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { admissionPromises } from "./testing/promises/admission.ts";
import { checkpointsPromises } from "./testing/promises/checkpoints.ts";
import { federationPromises } from "./testing/promises/federation.ts";
import { limitsPromises } from "./testing/promises/limits.ts";
import { reachPromises } from "./testing/promises/reach.ts";
import { secretsPromises } from "./testing/promises/secrets.ts";
import { signaturesPromises } from "./testing/promises/signatures.ts";
import type { Promises } from "./testing/promises/promises.ts";

/** docs/security.md lists exactly these. */
const promises: Promises = {
  ...admissionPromises,
  ...signaturesPromises,
  ...federationPromises,
  ...limitsPromises,
  ...reachPromises,
  ...checkpointsPromises,
  ...secretsPromises,
};

describe("the broker's promises", () => {
  test.each(Object.entries(promises))("%s", async (_, keep) => {
    expect.hasAssertions();
    await keep();
  });

  test("are those of docs/security.md", () => {
    const page = readFileSync(join(import.meta.dirname, "../docs/security.md"), "utf8");
    const listed = Array.from(page.matchAll(/^\| ([A-Z].*\.) \|$/gm), ([, promise]) => promise);
    expect(listed).toEqual(Object.keys(promises));
  });
});
