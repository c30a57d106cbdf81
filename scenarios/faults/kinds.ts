import type { FaultKind } from "./fault.ts";
import type { FaultKindName } from "./fault-spec.ts";
import { disturbCalls } from "./disturb-calls.ts";
import { disturbLink } from "./disturb-link.ts";
import { fillDisk } from "./fill-disk.ts";
import { flushStore } from "./flush-store.ts";
import { jumpClock } from "./jump-clock.ts";
import { killProcess } from "./kill-process.ts";
import { limitDescriptors } from "./limit-descriptors.ts";
import { limitProcesses } from "./limit-processes.ts";
import { load } from "./load.ts";
import { lockHome } from "./lock-home.ts";
import { loseStore } from "./lose-store.ts";
import { misbehaveBroker } from "./misbehave-broker.ts";
import { rollbackStore } from "./rollback-store.ts";
import { slowProcess } from "./slow-process.ts";
import { stopProcess } from "./stop-process.ts";
import { storm } from "./storm.ts";

/** Every kind of fault on real processes, in the order of `scenarios faults`. */
export const faultKinds: { readonly [Kind in FaultKindName]: FaultKind<Kind> } = {
  "kill-process": killProcess,
  "stop-process": stopProcess,
  "slow-process": slowProcess,
  "disturb-link": disturbLink,
  "misbehave-broker": misbehaveBroker,
  "lose-store": loseStore,
  "flush-store": flushStore,
  "rollback-store": rollbackStore,
  "jump-clock": jumpClock,
  "fill-disk": fillDisk,
  "lock-home": lockHome,
  "disturb-calls": disturbCalls,
  "limit-descriptors": limitDescriptors,
  "limit-processes": limitProcesses,
  load,
  storm,
};

/** The table pairs each kind with its own file; that the two belong together is beyond the checker's sight. */
export function faultKindOf(name: FaultKindName): FaultKind<FaultKindName> {
  return faultKinds[name] as FaultKind<FaultKindName>;
}
