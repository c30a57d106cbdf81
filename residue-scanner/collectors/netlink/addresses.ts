/** An address of 4 or 16 bytes, one of the two forms of RFC 5952; the empty one is any. */
export function showAddress(bytes: Uint8Array | undefined): string {
  if (bytes === undefined || bytes.length === 0) return "any";
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
