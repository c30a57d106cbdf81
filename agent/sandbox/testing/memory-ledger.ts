import { assert } from "../../../foundation/assert.ts";
import { type HostLedger, type HostResource, resourceKey } from "../../host-resource.ts";

/** A ledger in memory, as strict as the agent's: releasing what is not held is an error. */
export function memoryLedger(resources: readonly HostResource[] = []): HostLedger {
  const live = new Map(resources.map((resource) => [resourceKey(resource), resource]));
  return {
    acquire: (resource) => void live.set(resourceKey(resource), resource),
    release(key) {
      assert(live.delete(key), `${key} is held`);
    },
    live: () => [...live.values()],
  };
}
