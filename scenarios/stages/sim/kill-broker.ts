import type { StepOf } from "../../steps/step.ts";
import { neverMs } from "../../simulator/never.ts";
import type { SimStage } from "./sim-stage.ts";
import { startBroker } from "./start-broker.ts";

/** Kills the broker, with whatever it had not committed. Calls that are under way are cut off. */
export async function killBroker(stage: SimStage, { downMs }: StepOf<"kill-broker">): Promise<string> {
  const { broker } = stage.simulation;
  const detail = downMs === undefined ? "until it is started again" : `for ${downMs} ms`;
  stage.record("fault.applied", { fault: "kill-broker", target: "broker", detail, subjects: [] });
  stage.brokerIsKilled = true;
  broker.kill({ afterEffects: 0, edge: "after", downMs: neverMs }, () => undefined);
  if (downMs === undefined) return "it is down";
  await stage.pass(downMs);
  return `again ${startBroker(stage)}`;
}
