/** Half of the order of P-256 (SEC 2, 2.4.2), rounded down. */
const halfOrder = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;

/**
 * Whether an ECDSA signature on P-256, in DER (RFC 3279, 2.2.3), is the lower one of the two that the same signer's key
 * takes: (r, n - s) verifies as (r, s) does, and anybody can turn one into the other.
 */
export function hasLowS(signature: Uint8Array): boolean {
  // SEQUENCE, its length, INTEGER, its length, r, INTEGER, its length, s.
  const lengthOfR = signature[3] ?? 0;
  const s = signature.subarray(4 + lengthOfR + 2);
  return s.length > 0 && BigInt(`0x${Buffer.from(s).toString("hex")}`) <= halfOrder;
}
