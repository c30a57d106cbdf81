import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { type MessagePort, Worker, type WorkerOptions } from "node:worker_threads";

/**
 * Runs in the worker, before its module: takes the sources of the modules from `workerData.sources` and leaves what
 * the module expects there in its place.
 */
const prologue = `
const threads = require("node:worker_threads");
const { sources, entry, data } = threads.workerData;
threads.workerData = data;
require("node:module").syncBuiltinESMExports();
require("node:module").registerHooks({
  load(url, context, next) {
    const source = sources.get(url);
    return source === undefined ? next(url, context) : { format: "module", source, shortCircuit: true };
  },
});
import(entry);
`;

const importedHere = /\bfrom "(\.{1,2}\/[^"]+\.ts)"/g;
const strippedModules = new Map<string, string>();

/**
 * Starts a worker thread from a module of our own, with the types already stripped from it and from all that it imports.
 * Node would load its type stripper (WebAssembly) into every thread anew: measured, 65 ms of processor and 17 MiB each.
 * Where this thread runs compiled modules, or strips in another way, the module starts as it is.
 */
export function startStripped(entry: URL, data: unknown, transferList: readonly MessagePort[] = []): Worker {
  const options: WorkerOptions = { execArgv: [], stdout: false, stderr: false, transferList: [...transferList] };
  const sources = entry.href.endsWith(".ts") ? stripAll(entry) : null;
  if (sources === null) return new Worker(entry, { ...options, workerData: data });
  return new Worker(prologue, { ...options, eval: true, workerData: { sources, entry: entry.href, data } });
}

/** @returns the module and all that it imports by relative paths, by URL; null where nothing here strips types */
function stripAll(entry: URL): Map<string, string> | null {
  if (typeof stripTypeScriptTypes !== "function") return null;
  const sources = new Map<string, string>();
  const pending = [entry];
  for (let url = pending.pop(); url !== undefined; url = pending.pop()) {
    if (sources.has(url.href)) continue;
    const source = strippedModules.get(url.href) ?? quietly(url);
    strippedModules.set(url.href, source);
    sources.set(url.href, source);
    for (const [, path = ""] of source.matchAll(importedHere)) pending.push(new URL(path, url));
  }
  return sources;
}

/** Node warns that this call may change. It is what runs these very files, so the user learns nothing from that. */
function quietly(url: URL): string {
  const source = readFileSync(url, "utf8");
  const own = Object.getOwnPropertyDescriptor(process, "emitWarning") ?? {};
  Object.defineProperty(process, "emitWarning", { ...own, value: () => undefined });
  try {
    return stripTypeScriptTypes(source);
  } finally {
    Object.defineProperty(process, "emitWarning", own);
  }
}
