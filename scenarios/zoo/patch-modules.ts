import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import type { Mutant } from "./mutant.ts";
import { patchSource } from "./patch-source.ts";

const root = resolve(import.meta.dirname, "../..");

/**
 * From now on this thread loads the mutant's files as the mutant has them. Nothing in the product knows of it.
 *
 * How: a synchronous `load` hook hands Node another text for these files, before the types are stripped. What it does not
 * catch: a module that was loaded before; so this comes first, and the simulator is imported after it.
 *
 * @returns the mutant's files that were not loaded yet
 */
export function patchModules(mutant: Mutant): { readonly unloaded: () => string[] } {
  const unloaded = new Set(filesOf(mutant));
  hookFiles(mutant, "", (file) => unloaded.delete(file));
  return { unloaded: () => [...unloaded] };
}

/**
 * Loads the mutant's files, each once more beside the original, to see that they still are programs.
 *
 * @throws MisfitError when the mutant does not fit, and whatever Node throws for a module that it cannot load
 */
export async function loadMutated(mutant: Mutant): Promise<void> {
  const mark = `?mutant=${mutant.name}`;
  hookFiles(mutant, mark, () => undefined);
  for (const file of filesOf(mutant)) await import(`${urlOf(file)}${mark}`);
}

export function filesOf({ patches }: Mutant): string[] {
  return [...new Set(patches.map(({ file }) => file))];
}

function hookFiles(mutant: Mutant, mark: string, loading: (file: string) => void): void {
  const fileOf = new Map(filesOf(mutant).map((file) => [`${urlOf(file)}${mark}`, file]));
  registerHooks({
    load(url, context, nextLoad) {
      const file = fileOf.get(url);
      const loaded = nextLoad(url, context);
      if (file === undefined) return loaded;
      loading(file);
      return { ...loaded, source: patchSource(textOf(loaded.source), { mutant, file }) };
    },
  });
}

function urlOf(file: string): string {
  return pathToFileURL(resolve(root, file)).href;
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray | undefined): string {
  return typeof source === "string" ? source : new TextDecoder().decode(source);
}
