import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import { routes } from "../../protocol/routes.ts";
import { temporaryDirectory } from "../testing/live-broker.ts";
import { type Served, operatorEnvironment, restart, run, serve, start, stop } from "../testing/served-broker.ts";

const manyPrograms = { timeout: 300_000 };

/** A command under way. */
function started(served: Served, argv: readonly string[]) {
  const child = start(argv, operatorEnvironment(served));
  const heard: string[] = [];
  const first = Promise.withResolvers<string>();
  createInterface({ input: child.stderr! }).on("line", (line) => {
    heard.push(line);
    first.resolve(line);
  });
  const ended = Promise.all([once(child, "close"), text(child.stdout!)]).then(([[code], stdout]) => ({ code, stdout }));
  return { heard, first: first.promise, ended };
}

/** The broker says that it cannot just now whenever it is asked how an execution is. */
async function cannotSay(served: Served, more: readonly string[] = []): Promise<void> {
  const fault = ["fault", "add", "status", "--status", "503", "--code", "store-away", "--for", "60000", ...more];
  const added = await run(
    [...fault, "--route", `GET ${routes.execution(":executionId")}`],
    operatorEnvironment(served),
  );
  expect(added).toMatchObject({ code: 0, stderr: "" });
}

const spawning = ["spawn", "--sandbox", "process", "--wait"];

describe("spawn --wait", () => {
  test("outlasts a broker that cannot just now", manyPrograms, async () => {
    const served = await serve(["--store", "memory", "--faults"]);
    await cannotSay(served, ["--first", "2"]);
    const spawned = await run(spawning, operatorEnvironment(served));
    expect(spawned).toMatchObject({ code: 0, stdout: expect.stringMatching(/^exec-\S+ is running\n$/) });
    expect(spawned.stderr).toMatch(/ The order for exec-\S+ was taken; asking again for \d+ s\.\n$/);
    expect(await stop(served, "SIGTERM")).toBe(0);
  });

  test("gives up a broker that stays so, with 2 and how to go on", manyPrograms, async () => {
    const served = await serve(["--store", "memory", "--faults"]);
    await cannotSay(served);
    const spawned = await run([...spawning, "--patience", "1"], operatorEnvironment(served));
    expect(spawned).toMatchObject({ code: 2, stdout: "" });
    expect(spawned.stderr).toMatch(
      /\nGave up after 1 s without an answer: .*\n`broker-sim executions` says what .*exec-/,
    );
    expect(await stop(served, "SIGTERM")).toBe(0);
  });
});

describe("kill --wait", () => {
  test.each(["kill", "killswitch"])(
    "as %s, outlasts a broker that is killed and comes back",
    manyPrograms,
    async (how) => {
      const data = join(temporaryDirectory(), "data");
      const first = await serve(["--data", data, "--faults"]);
      const { stdout, stderr, code } = await run([...spawning, "--json"], operatorEnvironment(first));
      const { executionId } = jsonOf({ stdout, stderr, code }).execution;
      await cannotSay(first);
      const killing = started(first, how === "kill" ? ["kill", executionId, "--wait"] : ["killswitch", "--wait"]);
      expect(await killing.first).toMatch(/ The order to end was taken; asking again for \d+ s\.$/);
      const second = await restart(first, ["--data", data]);
      expect(await killing.ended).toEqual({ code: 0, stdout: `${executionId} has ended.\n` });
      expect(killing.heard).toHaveLength(1);
      expect(await stop(second, "SIGTERM")).toBe(0);
    },
  );
});

test.each([["spawn"], ["kill", "exec-a-1"], ["killswitch"]])(
  "%s is refused where it is to be patient without a wait, and nothing is asked",
  async (...command) => {
    // Nobody listens there.
    const ended = await run([...command, "--patience", "3", "--broker", "http://127.0.0.1:9"]);
    expect(ended).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/^--patience has no meaning without --wait\./),
    });
  },
);
