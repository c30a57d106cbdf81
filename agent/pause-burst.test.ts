import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { messageOf } from "../foundation/errors.ts";
import { AgentError } from "./io/agent-error.ts";
import { endlessJob, jobProcesses, joinAgent, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

/** As many as ten a second for a minute are, in bursts of which nobody waits for an answer before the next. */
const cycles = 600;
const atOnce = 10;

test("six hundred pauses and resumes, ten of each at a time, keep the processes and their work (case 22)", {
  timeout: 180_000,
}, async () => {
  const broker = await tinyBroker(onTestFinished);
  broker.jobs.push(endlessJob, endlessJob);
  const paths = temporaryHome();
  const agent = joinAgent({ paths, broker, onFinished: onTestFinished });
  await agent.ready();
  await agent.busy(2);
  const progress = async (): Promise<number[]> => {
    const { status } = await agent.ask({ command: "status" });
    return (status?.sandboxes ?? []).toSorted((a, b) => (a.leaseId < b.leaseId ? -1 : 1)).map((one) => one.progress);
  };
  const before = jobProcesses(paths);
  let last = await progress();
  const codes = new Set<string>();
  for (let cycle = 0; cycle < cycles; cycle += atOnce) {
    const asked = Array.from({ length: 2 * atOnce }, async (_, index) =>
      agent.ask({ command: index % 2 === 0 ? "pause" : "resume" }).then(
        () => "ok",
        (error: unknown) => (error instanceof AgentError ? error.code : messageOf(error)),
      ),
    );
    for (const code of await Promise.all(asked)) codes.add(code);
    const now = await progress();
    expect(now).toHaveLength(2);
    now.forEach((units, index) => expect(units).toBeGreaterThanOrEqual(last[index] ?? Infinity));
    last = now;
  }
  // Each was granted, called off by a resume, or had nothing to resume; none was lost.
  expect([...codes].filter((code) => !["ok", "called-off", "refused"].includes(code))).toEqual([]);
  expect(codes).toContain("ok");
  expect(codes).toContain("called-off");
  await agent.ask({ command: "resume" }).catch(() => "it was the last of them, and nothing is paused");
  await until(async () => (await progress()).every((units, index) => units > (last[index] ?? Infinity)));
  expect(await agent.ask({ command: "status" })).toMatchObject({ status: { state: "Working", pauseAsked: false } });
  const after = jobProcesses(paths);
  // The two shells and their children that never end; sleeps come and go.
  expect(before.filter((pid) => after.includes(pid)).length).toBeGreaterThanOrEqual(4);
  // And a pause after all that is a pause.
  expect(await agent.ask({ command: "pause" })).toMatchObject({
    ok: true,
    pause: { frozenSandboxes: 2, checkpoints: 2 },
  });
  await until(() =>
    readdirSync(paths.checkpoints).every((leaseId) => readdirSync(join(paths.checkpoints, leaseId)).length === 1),
  );
  expect(broker.completed.size + broker.returned.size).toBe(0);
});
