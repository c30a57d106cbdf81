import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { describe, expect, onTestFinished, test } from "vitest";

import { present } from "../foundation/assert.ts";
import { CheckpointManifest } from "../protocol/checkpoint-manifest.ts";
import type { CooperativeCheckpoint } from "../protocol/cooperative-checkpoint.ts";
import { historyVariable } from "../protocol/job-environment.ts";
import { type HistoryRecord, type HistoryType, parseHistoryLine } from "../protocol/history.ts";
import type { CheckpointReference } from "../protocol/messages.ts";
import type { Timing } from "../protocol/timing.ts";
import { probeBubblewrap } from "./sandbox/bubblewrap-probe.ts";
import { restoreCheckpoint } from "./sandbox/checkpoint.ts";
import { AgentProcess, tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryDirectory, temporaryHome } from "./testing/temporary-home.ts";
import type { TinyBroker } from "./testing/tiny-broker.ts";

const bubblewrap = await probeBubblewrap({
  environment: process.env,
  network: "none",
  hidden: [],
  workspace: tmpdir(),
});
if (!bubblewrap.works) console.warn(`Skipped: cooperation under the bubblewrap driver, because ${bubblewrap.why}`);

/** Counts in memory alone, and brings the count into its files when it is asked to. */
const counting = (answer: string): string =>
  `n=0; trap '${answer}' USR1; echo 0 > "$HOUSEGUEST_PROGRESS_FILE"; while :; do n=$((n+1)); echo $n > "$HOUSEGUEST_PROGRESS_FILE"; sleep 0.02; done`;
const inTime = counting("echo $n > state.next; mv state.next state; : > ready");
const never = counting(":");

/** An agent with one such job at work under a driver. */
async function atWork({
  driver,
  script,
  timing = {},
  ...cooperative
}: { driver: string; script: string; timing?: Partial<Timing> } & Partial<CooperativeCheckpoint>) {
  const broker = await tinyBroker(onTestFinished, timing);
  const checkpoint = { cooperative: { signal: "SIGUSR1", file: "ready", waitMs: 10_000, ...cooperative } } as const;
  broker.jobs.push({ command: ["/bin/sh", "-c", script], checkpoint });
  const paths = temporaryHome();
  const history = join(temporaryDirectory(), "history.jsonl");
  const args = ["join", "--foreground", "--json", "--broker", broker.url, "--token", "t", "--slots", "1"];
  const agent = new AgentProcess({
    ...{ paths, args: [...args, "--sandbox", driver], onFinished: onTestFinished },
    environment: { [historyVariable]: history },
  });
  await agent.ready();
  await agent.busy(1);
  const seen = <T extends HistoryType>(type: T): Extract<HistoryRecord, { type: T }>["data"][] =>
    recordsIn(history).flatMap((record) => (record.type === type ? [record.data as never] : []));
  return { broker, agent, seen, history: () => recordsIn(history) };
}

function recordsIn(file: string): HistoryRecord[] {
  if (!existsSync(file)) return [];
  // The last line may be half written.
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1).map(parseHistoryLine);
  return lines.flatMap((line) => ("record" in line ? [line.record] : []));
}

/** The checkpoint that the broker got with the lease, and what is in it. */
async function handedBack(broker: TinyBroker): Promise<{ manifest: CheckpointManifest; workspace: string }> {
  const [lease] = present(broker.shutdowns[0], "the broker was told").handedBack as {
    checkpoint: CheckpointReference;
  }[];
  const { checkpoint: expected } = present(lease, "a lease came back");
  const directory = temporaryDirectory();
  const [manifestPath, archivePath, workspace] = ["manifest", "archive", "workspace"].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  writeFileSync(manifestPath, present(broker.blob(expected.manifestDigest), "the manifest is there"));
  writeFileSync(archivePath, present(broker.blob(expected.archiveDigest), "the archive is there"));
  mkdirSync(workspace);
  const manifest = await restoreCheckpoint({ manifestPath, archivePath, workspace, expected });
  return { manifest: CheckpointManifest.parse(manifest), workspace };
}

describe.each(["process", "bubblewrap"])("a job that cooperates, under the %s driver", (driver) => {
  const skips = driver === "bubblewrap" && !bubblewrap.works;

  test.skipIf(skips)("brings what it has in memory into the checkpoint that a shutdown hands back", async () => {
    const { broker, agent, seen } = await atWork({ driver, script: inTime });
    agent.child.kill("SIGTERM");
    expect(await agent.exited).toMatchObject({ code: 0 });
    expect(seen("agent.cooperation").map(({ stage }) => stage)).toEqual(["asked", "ready"]);
    expect(seen("agent.checkpoint")).toMatchObject([{ cooperative: true, trigger: "SIGTERM" }]);
    const { manifest, workspace } = await handedBack(broker);
    expect(manifest.cooperative).toBe(true);
    expect(Number(readFileSync(join(workspace, "state"), "utf8"))).toBeGreaterThan(0);
  });

  test.skipIf(skips)("is asked before each periodic checkpoint, and goes on", async () => {
    const { agent, seen, history } = await atWork({
      ...{ driver, script: inTime },
      timing: { checkpointIntervalMs: 4_000 },
    });
    const cooperated = () => seen("agent.checkpoint").map(({ cooperative }) => cooperative);
    await until(() => cooperated().filter(Boolean).length >= 2);
    // Whoever gets no processor in its time is given up, as its checkpoint may be; one that has not come so far as to
    // listen is not heard.
    let answer = "none";
    const wrong: unknown[] = [];
    for (const { type, data } of history()) {
      if (type === "agent.cooperation") answer = data.stage;
      if (type === "agent.checkpoint" && data.cooperative !== (answer === "ready")) wrong.push([answer, data]);
    }
    expect(wrong).toEqual([]);
    const progress = seen("agent.checkpoint").at(-1)?.checkpoint.progress ?? 0;
    await until(async () => {
      const { status } = await agent.ask({ command: "status" });
      return (status?.sandboxes[0]?.progress ?? 0) > progress;
    });
  });

  test.skipIf(skips)("and does not answer is archived as it stands when its time is over", async () => {
    const { broker, agent, seen } = await atWork({ driver, script: never, waitMs: 700 });
    agent.child.kill("SIGTERM");
    expect(await agent.exited).toMatchObject({ code: 0 });
    const [asked, gaveUp] = seen("agent.cooperation");
    expect([asked?.stage, gaveUp?.stage]).toEqual(["asked", "given-up"]);
    expect(gaveUp?.waitedMs).toBeGreaterThanOrEqual(700);
    expect((await handedBack(broker)).manifest.cooperative).toBe(false);
  });

  test.skipIf(skips)("and has not come so far as to listen is not ended by being asked", async () => {
    const deaf = 'while :; do echo 1 > "$HOUSEGUEST_PROGRESS_FILE"; sleep 0.02; done';
    const { agent, seen } = await atWork({ driver, script: deaf, timing: { checkpointIntervalMs: 400 } });
    const stages = () => seen("agent.cooperation").map(({ stage }) => stage);
    await until(() => stages().filter((stage) => stage === "unheard").length >= 2);
    await until(() => seen("agent.checkpoint").length >= 2);
    // Whoever gets no processor in the hundred milliseconds that there are is given up before it has looked.
    expect(stages().filter((stage) => !["asked", "unheard", "given-up"].includes(stage))).toEqual([]);
    expect(seen("agent.checkpoint").map(({ cooperative }) => cooperative)).not.toContain(true);
    // Not while it stands still for the next one.
    await until(async () => {
      const { status } = await agent.ask({ command: "status" });
      return status?.sandboxes[0]?.execution === "running";
    });
  });

  test.skipIf(skips)("is not waited for by its owner, who pauses", async () => {
    const { agent, seen } = await atWork({ driver, script: never });
    expect(await agent.ask({ command: "pause" })).toMatchObject({ ok: true, pause: { frozenSandboxes: 1 } });
    expect(seen("agent.cooperation")).toEqual([]);
    expect(seen("agent.checkpoint")).toMatchObject([{ cooperative: false }]);
  });

  test.skipIf(skips)("nor by one who pauses while a shutdown waits for it", async () => {
    const { broker, agent, seen } = await atWork({ driver, script: never });
    agent.child.kill("SIGTERM");
    await until(() => seen("agent.cooperation").length === 1);
    await expect(agent.ask({ command: "pause" })).rejects.toMatchObject({ code: "shutting-down" });
    expect(await agent.exited).toMatchObject({ code: 0 });
    const gaveUp = seen("agent.cooperation")[1];
    expect(gaveUp?.stage).toBe("given-up");
    expect(gaveUp?.waitedMs).toBeLessThan(10_000);
    expect((await handedBack(broker)).manifest.cooperative).toBe(false);
  });
});
