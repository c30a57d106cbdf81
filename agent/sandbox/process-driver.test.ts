import { describe } from "vitest";

import { mayDelegate, ownCgroup } from "./cgroup.ts";
import { driverContract } from "./driver.contract.ts";
import { processDriver } from "./process-driver.ts";

const own = ownCgroup();
const delegated = own !== null && mayDelegate(own);

describe.skipIf(!delegated)("with cgroups (skipped where this user may not make any)", () => {
  driverContract({ name: "process driver, cgroups", makeDriver: (options) => processDriver(options) });
});

driverContract({
  name: "process driver, no cgroups",
  makeDriver: (options) => processDriver({ ...options, cgroupRoot: null }),
});
