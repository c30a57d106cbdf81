import type { WithdrawalReport } from "../../protocol/withdrawal-report.ts";

/** A withdrawal report as a person reads it. */
export function reportInWords(report: WithdrawalReport): string {
  if (report.steps.length === 0) return "No agent lives there: nothing to withdraw.\n";
  const seconds = ((report.endedAt - report.startedAt) / 1000).toFixed(1);
  const again = report.attempts > 1 ? `, in ${report.attempts} attempts` : "";
  const lines = [
    report.clean ? `Withdrawn in ${seconds} s${again}: nothing is left.` : `Not clean after ${seconds} s${again}.`,
    ...report.steps.map(
      ({ step, outcome, durationMs, measured }) =>
        `  ${step.padEnd(17)} ${outcome.padEnd(14)} ${durationMs.toFixed(0).padStart(5)} ms  ${measured}`,
    ),
    ...report.processesLeft.map(({ pid, command }) => `  still running: ${pid} ${command}`),
    ...report.directoriesLeft.map((path) => `  still there: ${path}`),
    ...report.autostartLeft.map((thing) => `  still started with the host: ${thing}`),
    ...report.socketsLeft.map((path) => `  still bound: ${path}`),
  ];
  for (const path of report.directoriesKept ?? []) {
    lines.push(`Note: ${path} stays: it was made for the agent's home, and others use it by now.`);
  }
  const missing = report.missingInLedger ?? [];
  if (missing.length > 0) {
    lines.push(`The host ledger was damaged. This was found without it: ${missing.join(", ")}.`);
  }
  if (missing.length > 0 && report.keyRevoked === "deferred") {
    lines.push(
      `Nobody has told the broker for certain: ask its operator to revoke the agent ${report.agentId ?? "of this host"}.`,
    );
  } else if (report.keyRevoked === "deferred") {
    lines.push("The broker could not be told; it ends the leases and revokes the key by itself when they run out.");
  }
  if (!report.clean) lines.push(whatNext(report));
  return `${lines.join("\n")}\n`;
}

function whatNext(report: WithdrawalReport): string {
  const { processesLeft, directoriesLeft, autostartLeft, socketsLeft, ledgerEntriesLeft } = report;
  const named = processesLeft.length + directoriesLeft.length + autostartLeft.length + socketsLeft.length;
  if (isLedgerGone(report)) {
    return "Remove by hand what is named above, if you want to: nothing else of the agent is there, and its ledger is gone, so no withdrawal would find it.";
  }
  if (named > 0) {
    return "Run `donor-agent withdraw` again: it goes on with what is named above. What it cannot remove, remove by hand first.";
  }
  return `Nothing is left that could be named, but ${ledgerEntriesLeft} entries of the ledger are open. Run \`donor-agent withdraw\` again: it looks for what they stand for.`;
}

/** Nothing was left before the last step, which takes the ledger away: what is named now, that could not remove. */
function isLedgerGone({
  steps,
  processesLeft,
  autostartLeft,
  directoriesLeft,
  socketsLeft,
}: WithdrawalReport): boolean {
  const isWiped = !steps.some(({ step, outcome }) => step === "wipe-directories" && outcome === "failed");
  const isElseLeft = processesLeft.length + autostartLeft.length + socketsLeft.length > 0;
  return directoriesLeft.length > 0 && isWiped && !isElseLeft;
}
