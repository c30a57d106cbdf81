import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import { UsageError } from "../../foundation/errors.ts";

/** The configuration's names; in a folder that has both nobody could tell which was meant. */
const configNames = ["scenarios.config.ts", "houseguest.config.json"] as const;

/**
 * The configuration that holds here: the one named, or the first that is found from here upward.
 *
 * What lies above may be somebody else's, and it is a program: one that belongs neither to this user, nor to root, nor
 * to whoever owns this folder is refused. Of /tmp everybody could write the folder.
 *
 * @returns an absolute path, or undefined where there is none
 * @throws UsageError `two-configs` or `foreign-config`
 */
export function findConfig(named: string | undefined, from = process.cwd()): string | undefined {
  if (named !== undefined) return resolve(from, named);
  for (let folder = from; ; folder = dirname(folder)) {
    const [file, other] = configNames.map((name) => join(folder, name)).filter((path) => existsSync(path));
    if (file !== undefined && other !== undefined) {
      throw new UsageError(`There are two configurations in ${folder}: ${configNames.join(" and ")}.`, {
        code: "two-configs",
        next: "Keep one, or name it with --config FILE.",
      });
    }
    if (file !== undefined) return folder === from ? file : checkOwner(file, from);
    if (dirname(folder) === folder) return undefined;
  }
}

function checkOwner(file: string, from: string): string {
  const owner = statSync(file).uid;
  if ([0, process.getuid?.() ?? owner, statSync(from).uid].includes(owner)) return file;
  throw new UsageError(`The configuration ${file} belongs to somebody else (user ${owner}), and would be run.`, {
    code: "foreign-config",
    next: "Name the one that is meant with --config FILE.",
  });
}
