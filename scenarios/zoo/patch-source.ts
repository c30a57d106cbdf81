import type { Mutant } from "./mutant.ts";

/** A mutant that does not fit the source any more: the text that it replaces is not there, or is there twice. */
export class MisfitError extends Error {
  override readonly name = "MisfitError";
}

/**
 * The source of one file with everything replaced that the mutant replaces there.
 *
 * @throws MisfitError unless each text to be replaced occurs exactly once
 */
export function patchSource(source: string, { mutant, file }: { mutant: Mutant; file: string }): string {
  let patched = source;
  for (const patch of mutant.patches) {
    if (patch.file !== file) continue;
    const pieces = patched.split(patch.find);
    if (pieces.length !== 2 || patch.find === "") {
      const how = pieces.length < 2 ? "does not occur in it" : `occurs ${pieces.length - 1} times in it`;
      throw new MisfitError(
        `The mutant ${mutant.name} does not fit ${file} any more: what it replaces ${how}. Mend scenarios/zoo/mutants/${mutant.name}.ts:\n${patch.find}`,
      );
    }
    patched = pieces.join(patch.replace);
  }
  return patched;
}
