import { patchModules } from "../../zoo/patch-modules.ts";
import type { Mutant } from "../../zoo/mutant.ts";

// For `node --import plant-on-load.ts?bug=NAME PROGRAM`: the program is loaded as the planted bug of that name has it.

const name = new URL(import.meta.url).searchParams.get("bug") ?? "";
const { default: mutant } = (await import(`../planted/${name}.ts`)) as { default: Mutant };
patchModules(mutant);
