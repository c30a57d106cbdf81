import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { expect, it } from "vitest";

const mayUnshare = spawnSync("unshare", ["-n", "true"]).status === 0;
const [program, here] = [join(import.meta.dirname, "corpus.ts"), join(import.meta.dirname, "play-alone.ts")];
/** Ends by the answer of a corpus that is begun beside this one; the item leaves nothing, should it be played. */
const script = `
import { spawnSync } from "node:child_process";
import { playAlone } from ${JSON.stringify(here)};
await playAlone();
const { status, stderr } = spawnSync(process.execPath, [${JSON.stringify(program)}, "--no-background", "empty-directory"]);
console.log(JSON.stringify([status, String(stderr)]));
`;

it.skipIf(!mayUnshare)("the corpus is refused while another one is played (needs unshare -n, and root)", () => {
  // In a network namespace of its own the name is another one: nobody else is kept from playing.
  const command = ["-n", process.execPath, "--input-type=module-typescript", "-e", script];
  const { stdout, stderr } = spawnSync("unshare", command, { encoding: "utf8" });
  expect(stderr).toBe("");
  const [status, said] = JSON.parse(stdout) as [number, string];
  expect([status, said]).toEqual([64, expect.stringContaining("Another run of the corpus goes on")]);
});
