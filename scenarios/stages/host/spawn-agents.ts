import { OperatorClient } from "../../../broker-sim/io/operator-client.ts";
import { spawnEnvironment } from "../../../protocol/job-environment.ts";
import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";
import { markedProcesses } from "./proc.ts";

/** Has the broker start agents on this host, and waits until each has joined and, where there is work, works. */
export async function spawnAgents(stage: HostStage, step: StepOf<"spawn">): Promise<string> {
  const { history, signal } = stage.options;
  const client = operatorOf(stage);
  const patience = { withinMs: step.withinMs, signal };
  const enrolledBefore = countOf(stage, "broker.enrolled");
  const leasedBefore = countOf(stage, "broker.leased");
  const spec = { slots: step.slots, sandbox: "auto" } as const;
  const spawned = await Promise.all(Array.from({ length: step.agents }, () => client.spawn(spec)));
  const executionIds = spawned.map(({ executionId }) => executionId);
  for (const executionId of executionIds) await watchBegin(stage, executionId, step.withinMs);
  const joined = (): boolean => countOf(stage, "broker.enrolled") >= enrolledBefore + step.agents;
  await history.until(`${step.agents} agents to join that the broker started`, joined, patience);
  const working = (): boolean => countOf(stage, "broker.leased") >= leasedBefore + step.leases;
  await history.until(`${step.leases} leases of theirs`, working, patience);
  return `${executionIds.join(", ")}; ${countOf(stage, "broker.leased") - leasedBefore} jobs leased`;
}

/** Waits until the broker says that one runs, and sees for itself that it does. */
export async function watchBegin(stage: HostStage, executionId: string, withinMs: number): Promise<void> {
  const { history, signal } = stage.options;
  const isRunning = (): boolean => stateOf(stage, executionId) === "running";
  await history.until(`${executionId} to run`, isRunning, { withinMs, signal });
  for (const { pid } of markedProcesses(spawnEnvironment.executionId, executionId)) {
    stage.see(pid, "agent");
    history.record("witness.execution", { executionId, change: "began", pid, exitCode: null });
    // One process is the agent; what else there may be descends from it.
    return;
  }
}

/** What the broker told last of an execution. */
export function stateOf(stage: HostStage, executionId: string): string | undefined {
  const { records } = stage.options.history;
  const last = records.findLast(
    (record) => record.type === "broker.execution" && record.data.executionId === executionId,
  );
  return last?.type === "broker.execution" ? last.data.to : undefined;
}

/** The operator's side of the broker on the stage. */
export function operatorOf(stage: HostStage): OperatorClient {
  const { url, operatorToken } = stage.running;
  return new OperatorClient(url, operatorToken);
}

function countOf(stage: HostStage, type: "broker.enrolled" | "broker.leased"): number {
  return stage.options.history.records.filter((record) => record.type === type).length;
}
