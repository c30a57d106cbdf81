import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import { ownHome, ownUserName } from "./own-user.ts";
import { asUnknownUser, canBeUnknownUser } from "../testing/unknown-user.ts";

/** What a program of that user's is told. */
function asUnknown(environment: NodeJS.ProcessEnv): unknown {
  const url = new URL("own-user.ts", import.meta.url).href;
  const program = `const { ownHome, ownUserName } = await import("${url}");
    console.log(JSON.stringify([ownUserName(), ownHome()]));`;
  const run = [...asUnknownUser, process.execPath, "--input-type=module", "--eval", program];
  const { stdout, stderr, status } = spawnSync(run[0]!, run.slice(1), { encoding: "utf8", env: environment });
  expect(stderr).toBe("");
  return jsonOf({ stdout, stderr, status });
}

test("the user who runs the tests has a name, or a number", () => {
  expect(ownUserName()).toMatch(/\S/);
  expect(ownHome()).toBe(process.env["HOME"] ?? ownHome());
});

test.skipIf(!canBeUnknownUser())(
  "a user without a name or a home is known by number (skipped: needs user namespaces)",
  () => {
    const { HOME: _, ...homeless } = process.env;
    expect(asUnknown(homeless)).toEqual(["uid 54321", null]);
    expect(asUnknown({ ...homeless, HOME: "/somewhere" })).toEqual(["uid 54321", "/somewhere"]);
  },
);
