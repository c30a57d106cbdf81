import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { historyVariable } from "../protocol/job-environment.ts";
import { parseHistoryLine } from "../protocol/history.ts";
import { AgentProcess, joinAgent, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryDirectory, temporaryHome } from "./testing/temporary-home.ts";

/** The model broker gives every job a workspace of a million bytes. */
const outgrowsItsWorkspace = "for i in 1 2 3; do head -c 600000 /dev/zero > $i; done; exec sleep 60";

test("why a job ended is told to the broker, the history and the owner: for what it took too much of, not by which signal", async () => {
  const broker = await tinyBroker(onTestFinished);
  broker.jobs.push(
    ["/bin/sh", "-c", outgrowsItsWorkspace],
    ["/bin/sh", "-c", "exec head -c 2M /dev/zero > large"],
    ["/bin/sh", "-c", "kill -SEGV $$"],
    ["/bin/sh", "-c", "exit 7"],
  );
  const history = join(temporaryDirectory(), "history.jsonl");
  const paths = temporaryHome();
  const agent = joinAgent({
    paths,
    broker,
    slots: 4,
    onFinished: onTestFinished,
    environment: { [historyVariable]: history },
  });
  await agent.ready();
  await until(() => broker.completed.size === 4);
  const told = (job: number) => broker.completed.get(`lease-${job}`);
  const held = /^job-1 held \d+ bytes of the disk, and 1000000 are allowed$/;
  expect(told(1)).toMatchObject({ outcome: "failed", exitCode: null, error: expect.stringMatching(held) });
  const wrote = "job-2 wrote a file larger than the 1000000 bytes that are allowed";
  expect(told(2)).toMatchObject({ outcome: "failed", exitCode: null, error: wrote });
  expect(told(3)).toMatchObject({ outcome: "failed", exitCode: null, error: "ended by SIGSEGV" });
  expect(told(4)).toMatchObject({ outcome: "failed", exitCode: 7, error: "exit code 7" });

  const { status } = await agent.ask({ command: "status" });
  const shown = new Map(status?.endedExecutions?.map(({ jobId, execution, reason }) => [jobId, [execution, reason]]));
  expect(shown.get("job-1")).toEqual(["failed", expect.stringMatching(held)]);
  expect(shown.get("job-2")).toEqual(["failed", wrote]);

  const words = new AgentProcess({ paths, args: ["status"], onFinished: onTestFinished });
  const { stdout } = await words.exited;
  expect(stdout).toContain("ended      since this agent was started, the latest first\n");
  expect(stdout).toContain(`  job-2  failed: ${wrote}\n`);

  const exits = readFileSync(history, "utf8")
    .trim()
    .split("\n")
    .map(parseHistoryLine)
    .flatMap((line) => {
      if (!("record" in line) || line.record.type !== "agent.execution") return [];
      const { jobId, exit } = line.record.data;
      return exit === undefined ? [] : [{ jobId, ...exit }];
    });
  expect(exits).toHaveLength(4);
  expect(exits).toEqual(
    expect.arrayContaining([
      { jobId: "job-1", by: "limit", limit: "workspace", exitCode: null, detail: expect.stringMatching(held) },
      { jobId: "job-2", by: "limit", limit: "file-size", exitCode: null, detail: wrote },
      { jobId: "job-3", by: "signal", signal: "SIGSEGV" },
      { jobId: "job-4", by: "itself", exitCode: 7 },
    ]),
  );
});
