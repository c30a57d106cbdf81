import type { Finding } from "./baseline.ts";
import type { Mutant } from "./mutant.ts";

export interface ZooRow {
  readonly mutant: Mutant;
  readonly finding: Finding;
  readonly before: Finding | undefined;
  readonly skipped: number;
  readonly trouble: string | null;
}

const headings = ["mutant", "breaks", "seeds", "median", "before", "violated", "skipped", ""];

/** One line a mutant, under headings; columns are as wide as their widest cell. */
export function zooTable(rows: readonly ZooRow[]): string {
  return table([headings, ...rows.map(cells)]);
}

export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cells({ mutant, finding, before, skipped, trouble }: ZooRow): string[] {
  return [
    mutant.name,
    mutant.breaks,
    finding.found.map(count).join(" "),
    count(finding.median),
    before === undefined ? "" : count(before.median),
    finding.invariants.join(" "),
    String(skipped),
    trouble === null ? "" : `FAILED: ${trouble}`,
  ];
}

function count(seeds: number | null): string {
  return seeds === null ? "–" : String(seeds);
}
