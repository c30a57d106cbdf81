import { createHash } from "node:crypto";

import type { ResidueReport } from "../../protocol/residue-report.ts";

/**
 * SHA-256 of what a residue report says, in hexadecimal: the same however its JSON is written. A history ends with it, so
 * that a verdict whose residue was edited afterwards is none of that run.
 */
export function residueDigest(report: ResidueReport): string {
  return createHash("sha256").update(JSON.stringify(report, inOrder)).digest("hex");
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
