import { assert } from "../../foundation/assert.ts";
import type { BrokerFailure } from "../core/outcome.ts";
import { ModelWorld } from "./model-world.ts";

/** How a broker answers an instance that is not the latest. */
export const fenced: BrokerFailure = {
  ok: false,
  code: "fenced",
  retriable: false,
  message: "a later instance has enrolled",
};

/** A world whose agent has one slot and runs a job in it. */
export function workingWorld(): ModelWorld {
  const world = new ModelWorld({ slots: 1 });
  world.broker.jobsQueued = 1;
  world.drain();
  assert(world.core.agent === "Working", "the agent works");
  return world;
}
