import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * What a run said, with every path below the repository's root as one from there: what is recorded is to be the same
 * wherever somebody has cloned it, and says nothing of his machine. Packages may lie elsewhere, behind a symlink.
 *
 * @param root absolute, without a slash at its end
 */
export function inRepository(text: string, root = ownRoot): string {
  const packages = realPath(`${root}/node_modules`);
  return [
    [`${packages}/`, "node_modules/"] as const,
    [`${realPath(root)}/`, ""] as const,
    [`${root}/`, ""] as const,
  ].reduce((told, [path, from]) => told.replace(new RegExp(`${begins}${RegExp.escape(path)}`, "gu"), from), text);
}

/** Not within another path: `/app/x` is nowhere in `/tmp/app/x`. */
const begins = String.raw`(?:(?<=file://)|(?<![\p{L}\p{N}_.~/@+%-]))`;

const ownRoot = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Nothing is there, and nothing said it.
    return path;
  }
}
