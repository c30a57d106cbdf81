import { expect, test } from "vitest";

import { ExitReason, exitCodeOf, exitInWords, exitReasonOf } from "./exit-reason.ts";

const exceeded = { limit: "workspace", detail: "job-1 held 9 bytes of the disk, and 8 are allowed" } as const;

test.each([
  { seen: { exitCode: 0, signal: null, exceeded: null }, code: 0, words: "exit code 0" },
  { seen: { exitCode: 3, signal: null, exceeded: null }, code: 3, words: "exit code 3" },
  { seen: { exitCode: null, signal: "SIGSEGV", exceeded: null }, code: null, words: "ended by SIGSEGV" },
  { seen: { exitCode: null, signal: null, exceeded: null }, code: null, words: "ended by an unknown signal" },
  { seen: { exitCode: null, signal: "SIGKILL", exceeded }, code: null, words: exceeded.detail },
  { seen: { exitCode: 2, signal: null, exceeded }, code: 2, words: exceeded.detail },
])("$seen.exitCode, $seen.signal and a limit are told as «$words»", ({ seen, code, words }) => {
  const reason = exitReasonOf(seen);
  expect(ExitReason.parse(reason)).toEqual(reason);
  expect([exitCodeOf(reason), exitInWords(reason)]).toEqual([code, words]);
});
