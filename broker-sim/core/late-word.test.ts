import { expect, test } from "vitest";

import { answerOf, codeOf, CoreAgent, CoreBroker } from "../testing/core-broker.ts";

test("late word of a checkpoint whose blobs have gone with a later one is acknowledged, and changes nothing", () => {
  const broker = new CoreBroker();
  const [jobId] = broker.submit();
  const agent = new CoreAgent(broker).enrol();
  const [lease] = agent.takeWork();
  const older = broker.checkpoint("one", 5);
  const newer = broker.checkpoint("two", 6);
  answerOf(agent.progress(lease!, 6, newer));
  expect(codeOf(agent.progress(lease!, 5, { ...older, manifestDigest: "e".repeat(64) }))).toBe("ok");
  expect(broker.job(jobId!)).toMatchObject({ progress: 6, checkpoint: newer });
});
