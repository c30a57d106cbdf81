/** An invariant of our own code does not hold. Never caught to go on; the program ends with exit code 70. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/**
 * Asserts an invariant of our own code, in production too.
 *
 * @param message what must be true, as a statement ("the lease is live")
 * @throws AssertionError when `condition` is false
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(`Broken invariant: ${message}`);
}

/**
 * Narrows away `undefined` and `null` where our own invariants rule them out.
 *
 * @throws AssertionError when the value is missing
 */
export function present<T>(value: T | null | undefined, message: string): T {
  assert(value !== undefined && value !== null, message);
  return value;
}

/** Marks a branch that the types rule out, so that a forgotten case is a compile error. */
export function unreachable(value: never): never {
  throw new AssertionError(`Broken invariant: ${JSON.stringify(value)} is not a case`);
}
