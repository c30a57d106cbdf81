import { expect, it } from "vitest";

import { agentId, checkpointAt, HistoryBuilder } from "../testing/history-builder.ts";
import { storyOf, violation } from "./story.ts";

it("tells each event by its time, who said it and what, without what is empty or too long", () => {
  const { records } = new HistoryBuilder()
    .state("Idle", "Working", "workStarted", "93b1ae78-9379-4500-96bd-e49ba1436d8f")
    .wait(11.5)
    .release(1, 1, "handed-back", { checkpoint: checkpointAt(5) })
    .add("witness.left", { agentId, resources: ["key:/k", "file:/f"], crontabLines: 0 }, "harness-7");
  expect(storyOf({ summary: "", events: records })).toEqual([
    "+0 ms agent 93b1ae78-937: state from=Idle to=Working event=workStarted",
    expect.stringMatching(
      /^\+12\.5 ms broker one: released jobId=job-1 .*checkpoint=\{manifestDigest=b{12} .*progress=5 number=6\}$/,
    ),
    "+13.5 ms harness-7: left agentId=aaaaaaaaaaaa resources=[key:/k, file:/f] crontabLines=0",
  ]);
});

it("tells nothing of nothing", () => {
  expect(storyOf(violation("it never came", null, undefined))).toEqual([]);
});
