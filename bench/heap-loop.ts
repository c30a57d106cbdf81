import { EventHeap } from "../scenarios/simulator/kernel/event-heap.ts";

const nobody = { happen: (): void => undefined };
const spreadMs = 30_000;

/**
 * The least that a simulation in virtual time can do, as a yardstick: takes the next event off a heap that holds so many,
 * lets it happen to nobody, and puts another one in its place.
 *
 * @returns events per second
 */
export function heapLoopRate({ pending, events }: { pending: number; events: number }): number {
  const heap = new EventHeap();
  // A multiplicative generator: times must differ, and drawing them must cost next to nothing.
  let draw = 1;
  const pushNext = (nowMs: number): void => {
    draw = Math.imul(draw, 48_271) & 0x7fffffff;
    heap.push(nowMs + (draw % spreadMs), nobody, 0, null);
  };
  for (let index = 0; index < pending; index += 1) pushNext(0);
  const startedMs = performance.now();
  for (let index = 0; index < events; index += 1) {
    const atMs = heap.nextAtMs;
    heap.happenNext();
    pushNext(atMs);
  }
  return events / ((performance.now() - startedMs) / 1_000);
}
