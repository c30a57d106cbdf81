import { FaultError } from "./fault-error.ts";
import type { FaultStore } from "./fault.ts";

/**
 * Where a step `keep-store` put what it kept under that name.
 *
 * @throws FaultError `no-store`
 */
export function keptAs(name: string, { kept }: Pick<FaultStore, "kept">): string {
  const path = kept.get(name);
  if (path !== undefined) return path;
  throw new FaultError(`No step has kept the store as "${name}".`, {
    code: "no-store",
    next: `Keep it before: { step: "keep-store", as: "${name}" }.`,
  });
}

/** That the fault is one of a server, and the scenario's store has none. */
export function noServer(): FaultError {
  return new FaultError("The broker's store is no process, so that nothing can happen to it.", {
    code: "no-store",
    next: 'Set the scenario\'s store to "redis".',
  });
}
