import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, test } from "vitest";

import { loadAgent } from "./load-agent.ts";

const place = realpathSync(mkdtempSync(join(tmpdir(), "load-agent-")));
afterAll(() => rmSync(place, { recursive: true, force: true }));

function file(name: string, source: string): string {
  const path = join(place, `${name}.ts`);
  writeFileSync(path, source.replace("export default define", "const defineAgent = (agent) => ({ agent }); $&"));
  return path;
}

test("an adapter is what its file defines", async () => {
  const path = file("right", 'export default defineAgent({ name: "x", join: ["a"], withdraw: ["b", "{home}"] });');
  expect(await loadAgent(path)).toEqual({
    file: path,
    definition: { name: "x", join: ["a"], withdraw: ["b", "{home}"] },
  });
});

test("an adapter is for the stage host alone", async () => {
  await expect(loadAgent("x.ts", "netns")).rejects.toMatchObject({ code: "not-on-netns", exitCode: 64 });
});

test.each([
  ["no-export", "export const agent = 1;", 1, "it has no default export: write `export default defineAgent({ … })`"],
  ["no-agent", "\nexport default {};", 2, "its default export is no agent"],
  [
    "field",
    'const mine = {\n name: "x", join: ["a"],\n widthdraw: ["b"], withdraw: ["b"] };\nexport default defineAgent(mine);',
    3,
    'an agent has no field "widthdraw": did you mean "withdraw"?',
  ],
  [
    "kind",
    'export default defineAgent({ name: "x", join: ["a"], withdraw: ["b"],\n pause: "kill -STOP 1" });',
    2,
    "pause must be a list of a program and its arguments or a function",
  ],
  ["missing", 'export default defineAgent({ name: "x", join: ["a"] });', 1, "an agent needs withdraw"],
  [
    "undo",
    'export default defineAgent({ name: "x", join: ["a"],\n withdraw() {} });',
    2,
    "where withdraw is a function, an agent needs undo",
  ],
])("%s is refused by its line", async (name, source, line, says) => {
  const refused = loadAgent(file(name, source));
  await expect(refused).rejects.toThrow(`${name}.ts:${line}: ${says}`);
  await expect(refused).rejects.toMatchObject({ code: "bad-file", exitCode: 64 });
});
