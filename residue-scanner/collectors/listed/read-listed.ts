import type { ListedReading, ListedSurface, ProcessFact } from "../../core/fact.ts";
import type { OpenFiles } from "../open-files.ts";
import { collectLaunchd } from "../macos/launchd.ts";
import { collectConfiguration } from "./configuration.ts";
import { collectContainers } from "./containers.ts";
import { collectFirewall } from "./firewall.ts";
import { collectIpc } from "./ipc.ts";
import { collectKeys } from "./keys.ts";
import { collectAudit } from "./kernel/audit.ts";
import { collectBpf } from "./kernel/bpf.ts";
import { collectBpfPins } from "./kernel/bpf-pins.ts";
import { collectClock } from "./kernel/clock.ts";
import { collectFormats } from "./kernel/formats.ts";
import { collectModules } from "./kernel/modules.ts";
import { collectTracing } from "./kernel/tracing.ts";
import { collectKnobs } from "./knobs.ts";
import { collectMessageQueues } from "./message-queues.ts";
import { collectMounts } from "./mounts.ts";
import { collectNamespaces, type Member } from "./namespaces.ts";
import { collectBeyondTables } from "./network/beyond-tables.ts";
import { readOwnLinks, readPassingAddresses } from "./network/links.ts";
import { collectNetwork } from "./network.ts";
import { collectOpenFiles } from "./open-files.ts";
import { collectOtherIpc, collectOtherMounts, collectOtherSettings } from "./other-namespaces.ts";
import { collectPackages } from "./packages.ts";
import { collectServices } from "./services.ts";
import { collectStorage } from "./storage.ts";
import { collectSysctls } from "./sysctls.ts";

/** What one reading of the host knows already, and what it costs to know it only when asked. */
export interface ListedSources {
  readonly openFiles: () => OpenFiles;
  /** Empty where the processes are not wanted. */
  readonly processes: readonly ProcessFact[];
}

/** Who reads which surface of listed facts. */
const listedCollectors: Readonly<Record<ListedSurface, (sources: ListedSources) => ListedReading>> = {
  mounts: ({ processes }) => together(collectMounts(), collectOtherMounts(processes)),
  network: ({ openFiles }) =>
    together(
      collectNetwork({ links: readOwnLinks(), passing: readPassingAddresses() }),
      collectBeyondTables(openFiles()),
    ),
  firewall: ({ openFiles }) => collectFirewall(openFiles()),
  ipc: ({ processes }) => together(collectIpc(), collectMessageQueues(), collectOtherIpc(processes)),
  keys: () => collectKeys(),
  storage: () => collectStorage(),
  sysctls: ({ processes }) => together(collectSysctls(), collectKnobs(), collectOtherSettings(processes)),
  kernel: ({ openFiles }) =>
    together(
      collectModules(),
      collectBpf(openFiles()),
      collectBpfPins(),
      collectTracing(),
      collectFormats(),
      collectAudit(),
      collectClock(),
    ),
  configuration: () => collectConfiguration(),
  services: () => collectServices(),
  packages: () => collectPackages(),
  containers: () => collectContainers(),
  "open-files": ({ openFiles }) => collectOpenFiles(openFiles()),
  namespaces: ({ openFiles, processes }) => collectNamespaces(openFiles(), membersAmong(processes)),
};

/** On macOS what launchd starts; what else there is, is read on Linux only. */
export function readListedSurface(surface: ListedSurface, sources: ListedSources): ListedReading {
  if (process.platform === "linux") return listedCollectors[surface](sources);
  if (process.platform === "darwin" && surface === "services") return collectLaunchd();
  return { facts: [], unseen: [`nothing reads this on ${process.platform}`] };
}

/** The kernel's own threads live where the scanner does, or above it. */
function membersAmong(processes: readonly ProcessFact[]): { members?: Member[] } {
  if (processes.length === 0) return {};
  const living = processes.filter(({ kernelThread, state }) => !kernelThread && state !== "Z" && state !== "X");
  return { members: living.map(({ pid, namespaces }) => ({ pid, namespaces: namespaces ?? null })) };
}

function together(...readings: readonly ListedReading[]): ListedReading {
  return { facts: readings.flatMap(({ facts }) => facts), unseen: readings.flatMap(({ unseen }) => unseen) };
}
