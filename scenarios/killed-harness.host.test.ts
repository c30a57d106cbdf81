import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, it, onTestFinished } from "vitest";

import { type Random, seededRandom } from "../foundation/random.ts";
import type { HistoryRecord } from "../protocol/history.ts";
import { runMarker } from "../protocol/job-environment.ts";
import { aftermathSentence, readAftermath } from "../reports/runs/read-aftermath.ts";
import { settleAndCompare, startRecorder, takeSnapshot } from "../residue-scanner/scanner.ts";
import { heal } from "./heal.ts";
import { otherRuns } from "./other-runs.ts";
import { markedProcesses } from "./stages/host/proc.ts";
import { type Kill, killHarness, type KilledHarness, processesNaming } from "./testing/killed-harness.ts";
import type { UndoAction } from "./undo/undo-action.ts";

/** For every change a few; in .ci/nightly 20. */
const kills = Number(process.env["HOUSEGUEST_HARNESS_KILLS"] ?? 2);
const seed = process.env["HOUSEGUEST_SEED"] ?? "harness-kills";
/** Each with something of it that is to be under way: what breaks off in the middle of it is the hardest to undo. */
const broken = [
  { scenario: fileURLToPath(new URL("./testing/all-faults.ts", import.meta.url)), begun: "fault.applied", within: 75 },
  { scenario: "rapid-pause-resume", begun: "agent.frozen", within: 25 },
  { scenario: "withdraw-with-broker-down", begun: "fault.applied", within: 25 },
  { scenario: "broker-restart", begun: "fault.applied", within: 25 },
] as const satisfies readonly { scenario: string; begun: HistoryRecord["type"]; within: number }[];
const ways: readonly Kill[] = ["group", "watchdog first", "process"];
/** Of all its records, a moment that may be anywhere comes with one of the first so many. */
const recordsMax = 200;
const withinMs = 300_000;

const isWaiting = (record: HistoryRecord): boolean => record.type === "step.begin" && record.data.step === "wait";

/** Four of five moments are in the middle of what breaks; the others are anywhere. */
function drawKill(index: number, random: Random) {
  const { scenario, begun, within } = broken[index % broken.length] as (typeof broken)[number];
  const amidst = index % 5 !== 4;
  const after = random.integer({ min: 0, max: amidst ? within : recordsMax });
  return {
    ...{ scenario, kill: ways[(index + Math.floor(index / broken.length)) % ways.length] as Kill },
    told: amidst ? `${after} records after its first ${begun}` : `after ${after} records`,
    moment: (records: readonly HistoryRecord[]) => {
      const from = amidst ? records.findIndex(({ type }) => type === begun) : 0;
      // With everything standing still no further record may come.
      return (from >= 0 && records.length - from > after) || records.some(isWaiting);
    },
  };
}

it(
  `a harness that is killed at ${kills} moments leaves nothing: its watchdog or heal undoes it, and the host is as it was`,
  async () => {
    const root = mkdtempSync(join(tmpdir(), "killed-harness-"));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const random = seededRandom(seed);
    const recorder = await startRecorder();
    onTestFinished(async () => await recorder.close());
    const windowFromMs = Date.now();
    const others = otherRuns("");
    const baseline = await takeSnapshot();
    for (let index = 0; index < kills; index += 1) {
      const { told, scenario, kill, moment } = drawKill(index, random);
      const runs = join(root, String(index));
      const harness = await killHarness([scenario, "--seed", `${seed}-${index}`], { runs, kill, moment });
      const line = `kill ${index + 1} of ${kills}: ${basename(scenario)}, ${kill}, ${told}`;
      const killedAt = performance.now();
      if (kill === "watchdog first") await heal(runs);
      if (harness.killed)
        await expect.poll(() => readAftermath(harness.directory), { timeout: withinMs }).not.toBeNull();
      await expect.poll(() => processesNaming(harness.directory), { timeout: withinMs }).toEqual([]);
      const tookMs = performance.now() - killedAt;
      process.stdout.write(`${line}: ${story(harness)} ${(tookMs / 1_000).toFixed(1)} s.\n`);
      expect(left(harness.directory), line).toEqual([]);
      expect(readAftermath(harness.directory)?.notUndone ?? [], line).toEqual([]);
    }
    const { report } = await settleAndCompare(
      baseline,
      {
        ...{ policy: "developer", runId: "none", windowFromMs, windowToMs: Date.now(), cgroupPrefixes: [] },
        ...{
          agentPaths: [],
          jobPaths: [],
          harnessPaths: [root],
          processes: [],
          otherRuns: [...others, ...otherRuns("")],
        },
      },
      { recorder },
    );
    process.stdout.write(`${report.summary}\n`);
    expect(report.findings).toEqual([]);
  },
  kills * withinMs,
);

/** What was under way, and who undid it. */
function story({ directory, records, killed }: KilledHarness): string {
  if (!killed) return "it had ended before.";
  const applied = records.filter(({ type }) => type === "fault.applied").length;
  const over = records.filter(({ type }) => type === "fault.undone").length;
  const aftermath = readAftermath(directory);
  const phase = records.findLast((record) => record.type === "run.phase" && record.data.edge === "begin");
  const where = phase?.type === "run.phase" ? phase.data.phase : "its beginning";
  return `in ${where}, ${applied - over} faults active. ${aftermath === null ? "" : aftermathSentence(aftermath)}`;
}

/** What the run's ledger says that it did, and is there; its processes; and a line of the ledger that is still open. */
function left(directory: string): string[] {
  const entries = readFileSync(join(directory, "undo.jsonl"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { entry: string; id: number; action?: UndoAction });
  const actions = entries.flatMap(({ action }) => (action === undefined ? [] : [action]));
  const open = actions.length - entries.filter(({ entry }) => entry === "undone").length;
  return [
    ...actions.flatMap((action) => ("path" in action && existsSync(action.path) ? [action.path] : [])),
    ...actions.flatMap((action) => (action.undo === "kill-marked" ? markedProcesses(runMarker, action.run) : [])),
    ...(open > 0 ? [`${open} deeds of ${basename(directory)}`] : []),
  ].map(String);
}
