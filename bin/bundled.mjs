// What the tests start instead of the sources: the same programs, put into a few files (tools/bundle-programs.ts), which
// Node has ready in a fifth of the time. Only `npm test` makes them, and names them in the environment.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Where the bundle lies. */
const bundleVariable = "HOUSEGUEST_TEST_BUNDLE";

/**
 * What stands beside each of its modules.
 *
 * @typedef {object} BundleList
 * @property {string} root of the package that it was made of; its modules hold what they find beside them by that
 * @property {number} madeAtMs since the epoch, before the first source was read
 * @property {readonly string[]} sources relative to the package's root
 */

/**
 * The bundled module instead of `entry`, if there is one and it is what the sources are.
 *
 * @param {string} root of the package
 * @param {string} entry relative to it
 * @returns {string | undefined} its URL
 */
export function bundledModule(root, entry) {
  const folder = process.env[bundleVariable];
  if (folder === undefined || isPatched()) return undefined;
  const module = join(folder, entry.replace(/\.ts$/, ".mjs"));
  const told = module.replace(/\.mjs$/, ".json");
  // Whoever made it may have been ended between the two.
  if (!existsSync(module) || !existsSync(told)) return undefined;
  /** @type {BundleList} */
  const list = JSON.parse(readFileSync(told, "utf8"));
  const isCurrent =
    list.root === root && list.sources.every((source) => changedAtMs(join(root, source)) < list.madeAtMs);
  if (!isCurrent) return undefined;
  return pathToFileURL(module).href;
}

/** What is loaded before the program may mean to change its modules, or to see them: it is to meet the sources. */
function isPatched() {
  const before = `${process.env.NODE_OPTIONS ?? ""} ${process.execArgv.join(" ")}`;
  return /(^|\s)(--import|--require|-r|--loader|--experimental-loader)\b/.test(before);
}

/** @param {string} path */
function changedAtMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
}
