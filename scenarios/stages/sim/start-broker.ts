import type { SimStage } from "./sim-stage.ts";

/** Starts the broker on a machine of its own; one that was killed goes on from its store. */
export function startBroker(stage: SimStage): string {
  stage.simulation.broker.start();
  if (stage.brokerIsKilled) stage.record("fault.undone", { fault: "kill-broker", target: "broker" });
  stage.brokerIsKilled = false;
  return "in virtual time";
}
