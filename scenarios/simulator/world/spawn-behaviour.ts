import type { SpawnSpec } from "../../../protocol/executions.ts";
import { SpawnBehaviour } from "../plan/spawn-behaviour.ts";

/** What the broker is asked to start: it carries its behaviour in its name, as simulated jobs do in their command. */
export function simulatedSpawn(behaviour: SpawnBehaviour): SpawnSpec {
  return { name: JSON.stringify(behaviour), slots: 1, sandbox: "auto" };
}

export function behaviourOfSpawn({ name = "{}" }: SpawnSpec): SpawnBehaviour {
  return SpawnBehaviour.parse(JSON.parse(name));
}
