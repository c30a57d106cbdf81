import type { SimStage } from "./sim-stage.ts";

/** Starts the broker on a machine of its own. */
export function startBroker({ simulation }: SimStage): string {
  simulation.broker.start();
  return "in virtual time";
}
