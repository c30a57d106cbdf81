/**
 * Long work that lets go of its thread between two steps: whoever drives it hears meanwhile what else goes on, and may
 * leave it at that. What it comes to is there at its end.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Takes all steps at one go. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
