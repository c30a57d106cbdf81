import { parseArgs } from "node:util";

import { present } from "../../foundation/assert.ts";
import { HouseguestError, messageOf } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { type Finding, findingOf, quickestHunt, readBaseline, troubleWith, writeBaseline } from "./baseline.ts";
import { type Hunt, huntMutant, huntMutantAgain, seedsMax } from "./hunt-mutant.ts";
import { HuntThread } from "./hunt-thread.ts";
import { inLanes } from "./lanes.ts";
import type { Mutant } from "./mutant.ts";
import { readMutants } from "./read-mutants.ts";
import { shrinkMutants } from "./shrink-mutants.ts";
import { type ZooRow, zooTable } from "./zoo-table.ts";

/**
 * `npm run zoo [-- MUTANT…] [--update-baseline] [--quick] [--shrink] [--jobs N]`: hunts for every mutant with the seeds of
 * the simulator, and fails when one is not found, or is found much later than the baseline says. `--quick` hunts from one
 * beginning instead of all: for each mutant from that which found it soonest for the baseline, and there that seed first.
 */
const bases = ["zoo-a", "zoo-b", "zoo-c", "zoo-d", "zoo-e"] as const;

interface Wanted {
  readonly mutants: readonly Mutant[];
  readonly jobs: number;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(messageOf(error));
  if (error instanceof HouseguestError) console.error(error.next);
  process.exitCode = error instanceof HouseguestError ? error.exitCode : ExitCode.harnessBug;
}

async function main(): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "update-baseline": { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      shrink: { type: "boolean", default: false },
      jobs: { type: "string", default: "2" },
    },
  });
  const mutants = await readMutants(positionals);
  const jobs = Math.max(1, Math.trunc(Number(values.jobs)) || 1);
  if (values.shrink) return shrinkMutants({ mutants, base: bases[0], jobs });
  const startedAt = performance.now();
  const rows = await (values.quick ? huntQuickly : huntAll)({ mutants, jobs });
  console.log(zooTable(rows));
  const skipped = rows.reduce((sum, row) => sum + row.skipped, 0);
  const failed = rows.filter(({ trouble }) => trouble !== null).length;
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  console.log(
    `${rows.length} mutants hunted for with up to ${seedsMax} seeds from each of ${values.quick ? 1 : bases.length} beginnings in ${seconds} s: ${rows.length - failed} found, ${failed} failed; ${skipped} seeds skipped because they fail without the mutant too`,
  );
  if (values["update-baseline"] && !values.quick) await update(rows);
  return failed > 0 ? ExitCode.fail : ExitCode.pass;
}

async function huntAll({ mutants, jobs }: Wanted): Promise<ZooRow[]> {
  const baseline = readBaseline();
  return inLanes(mutants, jobs, async (mutant) => {
    const before = baseline[mutant.name];
    const hunts = await huntFrom(bases, mutant);
    return rowOf({ mutant, hunts, before, judgedBy: before });
  });
}

/**
 * From one beginning each: the seed that found it for the baseline, and all from the first where that finds it no more.
 * The longest hunts come first, so that no lane is left alone with one. All share the thread that runs what was found
 * without the mutant.
 */
async function huntQuickly({ mutants, jobs }: Wanted): Promise<ZooRow[]> {
  const baseline = readBaseline();
  const quickest = (mutant: Mutant) => quickestHunt(baseline[mutant.name]);
  const longestFirst = [...mutants].sort((a, b) => quickest(b).seeds - quickest(a).seeds);
  const clean = new HuntThread(null);
  try {
    const rows = await inLanes(longestFirst, jobs, async (mutant) => {
      const mutated = new HuntThread(mutant);
      try {
        const { index, seeds } = quickest(mutant);
        const base = present(bases[index], "the baseline has a hunt for each beginning");
        const number = Number.isFinite(seeds) ? seeds - 1 : 0;
        const hunts = [await huntMutantAgain(mutant, { base, number, mutated, clean })];
        // How long one hunt takes says little; that it ends is judged.
        return rowOf({ mutant, hunts, before: baseline[mutant.name], judgedBy: undefined });
      } finally {
        await mutated.close();
      }
    });
    return rows.sort((a, b) => mutants.indexOf(a.mutant) - mutants.indexOf(b.mutant));
  } finally {
    await clean.close();
  }
}

function rowOf({
  mutant,
  hunts,
  before,
  judgedBy,
}: {
  readonly mutant: Mutant;
  readonly hunts: readonly Hunt[];
  readonly before: Finding | undefined;
  readonly judgedBy: Finding | undefined;
}): ZooRow {
  const finding = findingOf(hunts);
  const skipped = hunts.reduce((sum, hunt) => sum + hunt.skipped, 0);
  return { mutant, finding, before, skipped, trouble: troubleWith(finding, judgedBy) };
}

/** Both threads load the sources at the same moment, so that nobody's edit in between passes for the mutant. */
async function huntFrom(bases: readonly string[], mutant: Mutant): Promise<Hunt[]> {
  const [mutated, clean] = [new HuntThread(mutant), new HuntThread(null)];
  try {
    const hunts: Hunt[] = [];
    for (const base of bases) hunts.push(await huntMutant(mutant, { base, mutated, clean }));
    return hunts;
  } finally {
    await Promise.all([mutated.close(), clean.close()]);
  }
}

/** Mutants that are gone leave the baseline too. */
async function update(rows: readonly ZooRow[]): Promise<void> {
  const known = new Set((await readMutants()).map(({ name }) => name));
  const kept = Object.entries(readBaseline()).filter(([name]) => known.has(name));
  const findings: [string, Finding][] = rows.map(({ mutant, finding }) => [mutant.name, finding]);
  writeBaseline(Object.fromEntries([...kept, ...findings]));
}
