import type { Attribution } from "./process-attribution.ts";
import type { RecordedWitness } from "./recorded-witness.ts";
import type { RecordedProcess } from "./recording.ts";

export interface GiverKnowledge {
  readonly witness: RecordedWitness;
  /** Knows nothing of orders that came through a pipe, or by what a service watches; null where `witness` does not either. */
  readonly unordered: RecordedWitness | null;
}

/** More ancestors than that no service has. */
const depthMax = 100;

/**
 * Whose somebody is who may have given a service an order. What the service started itself at an order gives it no new
 * one: else a worker that writes into the service's own pipe, or where the service watches, would have it shared for good.
 */
export function ofGiver(by: number, holder: RecordedProcess, { witness, unordered }: GiverKnowledge): Attribution {
  const answer = witness.of(by);
  return answer.to === "shared" && unordered !== null && comesFrom(by, holder, witness) ? unordered.of(by) : answer;
}

function comesFrom(serial: number, ancestor: RecordedProcess, witness: RecordedWitness): boolean {
  let process = witness.process(serial);
  for (let depth = 0; process !== null && depth < depthMax; depth += 1) {
    if (process.serial === ancestor.serial) return true;
    process = process.parent === null ? null : witness.process(process.parent);
  }
  return false;
}
