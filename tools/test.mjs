// `npm test`: everything from a clean clone to the verdict, in one command.
//
// This file runs on whatever Node the machine has (20 or newer) and only gets things ready: the npm packages (with the
// pinned Node among them) and the system packages. The suite itself (run-suite.ts) runs on the pinned Node. Arguments
// go to vitest: `npm test -- agent`.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { ensurePage } from "./build-page.mjs";
import { installSystemPackages } from "./install-system-packages.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pinnedNode = join(root, "node_modules/.bin/node");

if (!packagesAreCurrent()) installPackages();
installSystemPackages();
// `npm ci` has done it, unless it was told to run no scripts, or the sources were changed since.
await ensurePage();
runSuite();

/** Whether node_modules holds what package-lock.json says: npm keeps its own copy of the lock in there. */
function packagesAreCurrent() {
  const installedLock = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedLock) || !existsSync(pinnedNode)) return false;
  const { packages: installed } = JSON.parse(readFileSync(installedLock, "utf8"));
  const { packages: wanted } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    // Packages for other platforms are optional, and rightly missing.
    return path === "" || (installed[path] ? installed[path].version === version : optional === true);
  });
}

function installPackages() {
  console.log("Installing the npm packages of package-lock.json (npm ci) ...");
  // npm must not run on the pinned Node that it is about to replace.
  const own = join(root, "node_modules");
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.startsWith(own));
  const npm = (/** @type {string[]} */ ...parameters) =>
    spawnSync("npm", parameters, {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, PATH: path.join(delimiter) },
    });
  // Of the packages' own scripts only koffi's does anything for us (where no binary came with it). Those of what
  // testcontainers would use to reach an engine by SSH compile for longer than all others take to be unpacked.
  let { status, error } = npm("ci", "--ignore-scripts");
  if (status === 0) ({ status, error } = npm("rebuild", "koffi"));
  if (status === 0 && existsSync(pinnedNode)) return;
  console.error(
    `\nnpm ci failed${error ? `: ${error.message}` : ""}. No test was run; mend what it says above and try again.`,
  );
  console.log("0 passed, 1 failed, 0 skipped");
  process.exit(1);
}

function runSuite() {
  const suite = spawn(pinnedNode, [join(root, "tools/run-suite.ts"), ...process.argv.slice(2)], {
    cwd: root,
    stdio: "inherit",
  });
  // Ctrl-C reaches the whole group by itself; the suite ends in its own time and this process waits for it.
  process.on("SIGINT", () => undefined);
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) process.on(signal, () => suite.kill(signal));
  suite.on("error", (error) => {
    console.error(`The pinned Node could not be started: ${error.message}. Delete node_modules and try again.`);
    console.log("0 passed, 1 failed, 0 skipped");
    process.exitCode = 1;
  });
  suite.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}
