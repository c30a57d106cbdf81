import type { ListedReading, ListedSurface, ProcessFact } from "../../core/fact.ts";
import type { OpenFiles } from "../open-files.ts";
import { collectConfiguration } from "./configuration.ts";
import { collectIpc } from "./ipc.ts";
import { collectKeys } from "./keys.ts";
import { collectMounts } from "./mounts.ts";
import { collectNamespaces, type Member } from "./namespaces.ts";
import { collectNetwork } from "./network.ts";
import { collectOpenFiles } from "./open-files.ts";
import { collectStorage } from "./storage.ts";
import { collectSysctls } from "./sysctls.ts";

/** What one reading of the host knows already, and what it costs to know it only when asked. */
export interface ListedSources {
  readonly openFiles: () => OpenFiles;
  /** Empty where the processes are not wanted. */
  readonly processes: readonly ProcessFact[];
}

/** Who reads which surface of listed facts. */
export const listedCollectors: Readonly<Record<ListedSurface, (sources: ListedSources) => ListedReading>> = {
  mounts: () => collectMounts(),
  network: () => collectNetwork(),
  ipc: () => collectIpc(),
  keys: () => collectKeys(),
  storage: () => collectStorage(),
  sysctls: () => collectSysctls(),
  configuration: () => collectConfiguration(),
  "open-files": ({ openFiles }) => collectOpenFiles(openFiles()),
  namespaces: ({ openFiles, processes }) => collectNamespaces(openFiles(), membersAmong(processes)),
};

/** The kernel's own threads live where the scanner does, or above it. */
function membersAmong(processes: readonly ProcessFact[]): { members?: Member[] } {
  if (processes.length === 0) return {};
  const living = processes.filter(({ kernelThread, state }) => !kernelThread && state !== "Z" && state !== "X");
  return { members: living.map(({ pid, namespaces }) => ({ pid, namespaces: namespaces ?? null })) };
}
