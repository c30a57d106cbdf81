import { patchModules } from "../../zoo/patch-modules.ts";
import type { Mutant } from "../../zoo/mutant.ts";

// For `node --import plant-on-load.ts?bug=NAME&bug=NAME PROGRAM`: the program is loaded as the planted bugs have it.

for (const name of new URL(import.meta.url).searchParams.getAll("bug")) {
  const { default: mutant } = (await import(`../planted/${name}.ts`)) as { default: Mutant };
  patchModules(mutant);
}
