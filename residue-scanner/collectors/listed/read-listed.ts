import type { ListedReading, ListedSurface } from "../../core/fact.ts";
import { collectConfiguration } from "./configuration.ts";
import { collectIpc } from "./ipc.ts";
import { collectKeys } from "./keys.ts";
import { collectMounts } from "./mounts.ts";
import { collectNetwork } from "./network.ts";
import { collectStorage } from "./storage.ts";
import { collectSysctls } from "./sysctls.ts";

/** Who reads which surface of listed facts. */
export const listedCollectors: Readonly<Record<ListedSurface, () => ListedReading>> = {
  mounts: collectMounts,
  network: collectNetwork,
  ipc: collectIpc,
  keys: collectKeys,
  storage: collectStorage,
  sysctls: collectSysctls,
  configuration: collectConfiguration,
};
