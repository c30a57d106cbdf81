import { expect, test } from "vitest";

import type { AgentInput } from "../core/input.ts";
import type { AgentContext } from "./agent-context.ts";
import { SandboxEffects } from "./sandbox-effects.ts";

/** As much of a context as checkpoints take: says whether files were asked as an ordinary program asks. */
function checkpointsOnly() {
  let isOrdinary = false;
  const asked: Record<string, boolean> = {};
  const seen: AgentInput["type"][] = [];
  const under: Promise<void>[] = [];
  const ask =
    <T>(name: string, answer: T) =>
    async () => {
      asked[name] = isOrdinary;
      return answer;
    };
  const context = {
    driver: {
      async asOrdinary<T>(work: () => Promise<T>): Promise<T> {
        isOrdinary = true;
        return await work().finally(() => (isOrdinary = false));
      },
    },
    files: { save: ask("save", {}), prepare: ask("prepare", "/workspace") },
    broker: null,
    clock: { nowMs: () => 0 },
    see: ({ type }: AgentInput) => void seen.push(type),
    background: (work: Promise<void>) => void under.push(work),
  };
  return { effects: new SandboxEffects(context as unknown as AgentContext), asked, seen, under };
}

test("a checkpoint is packed and brought back as by an ordinary program, though the agent may come first", async () => {
  const { effects, asked, seen, under } = checkpointsOnly();
  const lease = { leaseId: "lease-1", jobId: "job-1", epoch: 1 };
  effects.perform({ kind: "saveCheckpoint", ...lease, generation: 1, cooperative: null });
  await Promise.all(under);
  effects.perform({ kind: "prepareSandbox", leaseId: "lease-1", checkpoint: null });
  await Promise.all(under);
  expect(asked).toEqual({ save: true, prepare: true });
  expect(seen).toEqual(["checkpointSaved", "sandboxPrepared"]);
});
