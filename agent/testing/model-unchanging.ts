/**
 * Makes a value and all that it holds unchangeable: whoever still changes it gets a TypeError. What goes into the core
 * and what comes out of it must stay as it is, though the core changes its state in place.
 */
export function unchanging<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const held of Object.values(value)) unchanging(held);
  return value;
}
