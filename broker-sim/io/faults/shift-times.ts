/** Whether a property of a message holds a time by the broker's clock (`WallMs`); a test holds this against the schemas. */
function isTimeName(name: string): boolean {
  return /(At|TimeMs|Until)$/.test(name);
}

/** A message with every time of the broker's clock in it moved; everything else stays as it is. */
export function shiftTimes(message: unknown, byMs: number): unknown {
  if (Array.isArray(message)) return message.map((item) => shiftTimes(item, byMs));
  if (typeof message !== "object" || message === null) return message;
  const shifted = Object.entries(message).map(([name, value]: [string, unknown]) => {
    // A time before 1970 is none in the protocol.
    if (typeof value === "number" && isTimeName(name)) return [name, Math.max(0, value + byMs)];
    return [name, shiftTimes(value, byMs)];
  });
  return Object.fromEntries(shifted);
}
