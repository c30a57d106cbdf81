import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { bundlePrograms } from "./bundle-programs.ts";

const root = resolve(import.meta.dirname, "..");
/** Of the whole suite, where it has one. */
const { HOUSEGUEST_TEST_BUNDLE: given } = process.env;
let place: string;
let folder: string;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), "bundle-programs-"));
  folder = given ?? join(place, "bundle");
  if (given === undefined) await bundlePrograms(folder);
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** What a program says of itself, told to be loaded from the bundle or not. */
function helpOf(name: string, bundle: string | undefined, ...flags: string[]): string {
  const {
    HOUSEGUEST_TEST_BUNDLE: _bundle,
    NODE_COMPILE_CACHE: _compiled,
    NODE_OPTIONS: _options,
    ...env
  } = process.env;
  return execFileSync(process.execPath, [...flags, join(root, `bin/${name}.mjs`), "--help"], {
    encoding: "utf8",
    env: bundle === undefined ? env : { ...env, HOUSEGUEST_TEST_BUNDLE: bundle },
  });
}

/** A bundle of one program, which says that it is one. */
function told(list?: object): string {
  const other = mkdtempSync(join(place, "other-"));
  const directory = join(other, "agent");
  mkdirSync(directory);
  writeFileSync(join(directory, "cli.mjs"), 'export const main = () => { console.log("of the bundle"); return 0; };\n');
  if (list !== undefined) writeFileSync(join(directory, "cli.json"), JSON.stringify(list));
  return other;
}

test.each(["scenarios", "residue", "reports", "donor-agent", "broker-sim"])(
  "`%s` is the same from its sources, as users start it, and from the bundle",
  (name) => {
    expect(helpOf(name, folder)).toBe(helpOf(name, undefined));
  },
);

test("the bundle is loaded, unless it is another package's, has no list, a source is newer or gone, or a module came first", () => {
  const own = "of the bundle\n";
  const sources = ["agent/cli.ts"];
  const later = Date.now() + 60_000;
  expect(helpOf("donor-agent", told({ root, madeAtMs: later, sources }))).toBe(own);
  expect(helpOf("donor-agent", told({ root: place, madeAtMs: later, sources }))).not.toBe(own);
  expect(helpOf("donor-agent", told({ root, madeAtMs: 1, sources }))).not.toBe(own);
  expect(helpOf("donor-agent", told({ root, madeAtMs: later, sources: [...sources, "agent/gone.ts"] }))).not.toBe(own);
  expect(helpOf("donor-agent", told())).not.toBe(own);
  expect(helpOf("donor-agent", join(place, "nowhere"))).not.toBe(own);
  expect(helpOf("donor-agent", told({ root, madeAtMs: later, sources }), "--import", "data:text/javascript,")).not.toBe(
    own,
  );
});

test("each entry of the bundle says of which sources it was made, and its modules know where they were", () => {
  const { sources } = JSON.parse(readFileSync(join(folder, "agent/cli.json"), "utf8")) as { sources: string[] };
  expect(sources).toEqual(expect.arrayContaining(["agent/cli.ts", "agent/core/agent.ts", "protocol/messages.ts"]));
  expect(sources.filter((source) => /^(scenarios|broker-sim)\//.test(source))).toEqual([]);
  const modules = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".mjs"));
  const text = modules.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  // Its threads and children come from the bundle, too; what is beside the sources is found there.
  for (const entry of ["suite/host-worker", "suite/sim-worker", "watchdog/undo-for", "faults/link/link-thread"]) {
    expect(text).toContain(`${folder}/scenarios/${entry}.mjs`);
  }
  expect(text).toContain(`${root}/scenarios/jobs/work-job.ts`);
});
