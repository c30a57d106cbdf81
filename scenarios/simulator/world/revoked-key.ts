import { problemStatus } from "../../../broker-sim/io/problem-status.ts";
import type { BrokerBody } from "./broker-body.ts";
import type { Caller } from "./broker-call.ts";
import type { World } from "./world.ts";

const resources = { cpus: 1, loadAverage: 0, memoryBytesTotal: 0, memoryBytesFree: 0 };

/** A store that is away keeps nobody from refusing a key, but is asked behind that. */
const saysNothing: ReadonlySet<string> = new Set(["unknown-agent", "store-away"]);

/** Somebody signs a heartbeat with a key that its agent had revoked; how the broker answers is seen from outside (I7). */
export function tryRevokedKey(world: World, broker: BrokerBody, caller: Caller["caller"]): void {
  const message = { state: "Idle", slots: 1, slotsFree: 1, resources, leases: [] } as const;
  const response = broker.ask({ type: "heartbeat", caller, message: { ...message, leases: [] } });
  // A broker that is down says nothing, and one whose store has forgotten the agent refuses it for that.
  if (response === undefined || (!response.ok && saysNothing.has(response.code))) return;
  const said = response.ok
    ? { status: 200, code: "none" }
    : { status: problemStatus[response.code], code: response.code };
  world.record(world.harness, "witness.revoked-key", said);
}
