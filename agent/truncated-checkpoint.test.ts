import { expect, onTestFinished, test } from "vitest";

import type { CheckpointReference } from "../protocol/messages.ts";
import { endlessJob, jobProcesses, joinAgent, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

/** A broker to which one agent has brought a checkpoint, which the next job that it offers goes on from. */
async function brokerWithCheckpoint() {
  const broker = await tinyBroker(onTestFinished);
  broker.jobs.push(endlessJob);
  const first = joinAgent({ paths: temporaryHome(), broker, slots: 1, onFinished: onTestFinished });
  await first.ready();
  await first.busy(1);
  first.child.kill("SIGTERM");
  expect(await first.exited).toMatchObject({ code: 0 });
  const [handedBack] = broker.shutdowns.flatMap((told) => told.handedBack as { checkpoint: CheckpointReference }[]);
  const checkpoint = handedBack?.checkpoint as CheckpointReference;
  expect(checkpoint.progress).toBeGreaterThan(0);
  broker.checkpoint = checkpoint;
  const paths = temporaryHome();
  const second = joinAgent({ paths, broker, slots: 1, onFinished: onTestFinished });
  return { broker, checkpoint, second, paths };
}

test("a checkpoint that comes whole is where the next holder goes on", async () => {
  const { broker, checkpoint, second } = await brokerWithCheckpoint();
  await second.ready();
  broker.jobs.push(endlessJob);
  await second.busy(1);
  const { status } = await second.ask({ command: "status" });
  expect(status?.sandboxes[0]?.progress).toBeGreaterThanOrEqual(checkpoint.progress);
});

test.each(["archiveDigest", "manifestDigest"] as const)(
  "one whose %s names more than arrives is given back, and nothing is started from it (case 28)",
  async (digest) => {
    const { broker, checkpoint, second, paths } = await brokerWithCheckpoint();
    const whole = broker.blobs.get(checkpoint[digest]) as Buffer;
    broker.blobs.set(checkpoint[digest], whole.subarray(0, Math.floor(whole.length / 5)));
    await second.ready();
    broker.jobs.push(endlessJob);
    await until(() => broker.returned.has("lease-2"));
    expect(broker.returned.get("lease-2")).toMatchObject({ startFailed: true });
    expect(broker.returned.get("lease-2")?.reason).toMatch(/checkpoint|archive|manifest|digest/i);
    expect(jobProcesses(paths)).toEqual([]);
    expect(broker.completed.size).toBe(0);
    expect(await second.ask({ command: "status" })).toMatchObject({ status: { state: "Idle", sandboxes: [] } });
  },
);
