import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import type { RunVerdict } from "../../protocol/verdict.ts";
import { runOptions } from "../config.ts";
import { cannotRun } from "../needs/cannot-run.ts";
import { runScenario } from "../runner.ts";
import type { Scenario } from "../steps/scenario.ts";
import type { Mutant } from "../zoo/mutant.ts";
import { catalog } from "./catalog.ts";
import { hostRows, plantedDocument, plantedRow, writeHostRows } from "./planted-document.ts";

/**
 * `npm run test:planted [-- --update] [NAME…]`: plays every scenario that is for real hosts alone with the planted bug of
 * each of them in the agent's program. Each bug must make exactly its own scenario fail; the rows of docs/planted-bugs.md
 * must say so, and are written with `--update`. What this machine cannot run is told, and its row kept as it is.
 */

const { values, positionals } = parseArgs({
  options: { update: { type: "boolean", default: false } },
  allowPositionals: true,
});
const scenarios = catalog.filter(({ stages }) => !stages.includes("sim"));
const chosen = scenarios.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const plant = new URL("testing/plant-on-load.ts", import.meta.url).href;
const program = (name: string): string => join(import.meta.dirname, `../../bin/${name}.mjs`);

const before = new Map(hostRows(plantedDocument()).map((row) => [/`([^`]+)`/.exec(row)?.[1] ?? "", row]));
const rows = new Map(before);
const wrong: string[] = [];
const runs = mkdtempSync(join(tmpdir(), "planted-"));
try {
  for (const own of chosen) await hunt(own);
} finally {
  rmSync(runs, { recursive: true, force: true });
}
const written = scenarios.flatMap(({ name }) => rows.get(name) ?? []);
if (values.update) writeHostRows(written);
else if (written.map(withoutWords).join("\n") !== [...before.values()].map(withoutWords).join("\n")) {
  wrong.push("docs/planted-bugs.md does not say what was found: npm run test:planted -- --update writes it anew");
}
for (const one of wrong) process.stderr.write(`${one}\n`);
process.stdout.write(`${chosen.length} bugs, ${wrong.length} complaints\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;

/** What a scenario says first depends on how far the others of this host let it come; that it fails does not. */
function withoutWords(row: string): string {
  return row.split("|").slice(0, -2).join("|");
}

async function hunt(own: Scenario): Promise<void> {
  const { default: mutant } = (await import(`./planted/${own.name}.ts`)) as { default: Mutant };
  const skipped = cannotRun(own, "host");
  if (skipped !== null) {
    process.stdout.write(`${own.name}: not here. ${skipped.why} ${skipped.remedy}\n`);
    return;
  }
  const caught: string[] = [];
  for (const scenario of scenarios.filter((one) => cannotRun(one, "host") === null)) {
    const verdict = await play(scenario, mutant);
    if (verdict.interrupted) process.exit(verdict.exitCode);
    const said = complaintOf(verdict);
    process.stdout.write(`${own.name} in ${scenario.name}: ${said ?? "not found"}\n`);
    if (said === null) continue;
    caught.push(scenario.name);
    if (scenario === own) rows.set(own.name, plantedRow(mutant, said));
  }
  if (caught.join() !== own.name) wrong.push(`the bug of ${own.name} is found by: ${caught.join(", ") || "nobody"}`);
}

async function play(scenario: Scenario, mutant: Mutant): Promise<RunVerdict> {
  const options = runOptions(scenario, {}, "planted");
  const withBug = (name: string): string[] => [
    ...[process.execPath, "--import", `${plant}?bug=${mutant.name}`],
    program(name),
  ];
  const commands = { agentCommand: withBug("donor-agent"), brokerCommand: withBug("broker-sim") };
  return await runScenario({ scenario, options: { ...options, ...commands }, runs, reporters: [], reproduce: "" });
}

/** What a run has against the agent; what somebody else does to this host meanwhile is nothing to it. */
function complaintOf({ lifecycle, expectations, error, residue }: RunVerdict): string | null {
  const left = residue?.findings.find(({ attribution: { to } }) => to === "agent" || to === "job");
  if (lifecycle === "pass") return left === undefined ? null : `residue: ${left.subject}`;
  const broken =
    expectations.find(({ result }) => result === "fail") ?? expectations.find(({ result }) => result !== "pass");
  return error ?? `${broken?.id}: ${broken?.detail}`;
}
