import type { WithdrawalReport } from "../../protocol/withdrawal-report.ts";

/** How a withdrawal went, for the report; `submitted` counts the jobs that came while it ran. */
export function withdrawnWords({
  tookMs,
  report,
  submitted,
}: {
  tookMs: number;
  report: WithdrawalReport | undefined;
  submitted: number;
}): string {
  const seconds = (tookMs / 1000).toFixed(1);
  const load = submitted === 0 ? "" : `, ${submitted} jobs were submitted meanwhile`;
  if (report === undefined) return `gone after ${seconds} s without a report${load}`;
  return `gone after ${seconds} s, ${report.leasesHandedBack} leases handed back, key ${report.keyRevoked}${load}`;
}
