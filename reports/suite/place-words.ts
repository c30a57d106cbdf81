import type { RunPlace } from "../reporter.ts";

/** Which of several runs this is: `repeat 2 of 3, attempt 2`; empty where there is but one. */
export function placeWords({
  repeat,
  repeats,
  attempt,
}: Pick<RunPlace, "repeat" | "repeats"> & { readonly attempt: number }): string {
  const words = [
    ...(repeats > 1 ? [`repeat ${repeat} of ${repeats}`] : []),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
  ];
  return words.join(", ");
}
