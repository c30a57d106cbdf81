import { expect, test } from "vitest";

import type { WithdrawalReport } from "../../protocol/withdrawal-report.ts";
import { reportInWords } from "./withdrawal-words.ts";

const unclean: WithdrawalReport = {
  agentId: null,
  instanceId: "00000000-0000-4000-8000-000000000001",
  trigger: "asked by the owner",
  startedAt: 0,
  endedAt: 6_500,
  attempts: 1,
  keyRevoked: "confirmed",
  processesTerminated: 0,
  processesLeft: [],
  directoriesWiped: [],
  directoriesLeft: [],
  autostartLeft: [],
  socketsLeft: [],
  leasesHandedBack: 0,
  leasesDeferred: 0,
  ledgerEntriesLeft: 4,
  steps: [{ step: "clear-ledger", outcome: "failed", durationMs: 1, measured: "4 entries stay" }],
  clean: false,
};

test("whoever reads of a withdrawal that was not clean is told what is named, and what to do", () => {
  const words = reportInWords({ ...unclean, processesLeft: [{ pid: 7, startTime: "70", command: "stubborn" }] });
  expect(words).toContain("still running: 7 stubborn");
  expect(words).toContain("what is named above");
});

test("a directory that others use by now is a note to a clean withdrawal, and nothing to come back for", () => {
  const words = reportInWords({ ...unclean, clean: true, ledgerEntriesLeft: 0, directoriesKept: ["/home/me/.local"] });
  expect(words).toContain("nothing is left");
  expect(words).toMatch(/^Note: \/home\/me\/\.local stays: .* others use it/m);
  expect(words).not.toContain("again");
});

test("what the ledger itself could not go with is for a hand: no later attempt would know of it", () => {
  const report = { ...unclean, directoriesLeft: ["/mnt/home"], ledgerEntriesLeft: 1 };
  const words = reportInWords(report);
  expect(words).toContain("still there: /mnt/home");
  expect(words).toContain("by hand");
  expect(words).not.toContain("again");
  const wipe = { step: "wipe-directories", outcome: "failed", durationMs: 1, measured: "1 left" } as const;
  expect(reportInWords({ ...report, steps: [wipe, ...report.steps] })).toContain("Run `donor-agent withdraw` again");
});

test("nobody is sent to what is named above where nothing is", () => {
  const words = reportInWords(unclean);
  expect(words).not.toContain("above");
  expect(words).toContain("4 entries of the ledger are open");
  expect(words).toContain("Run `donor-agent withdraw` again");
});
