import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

import { systemPackages } from "./system-packages.mjs";

const APT_MS_MAX = 300_000;
const policyFile = "/usr/sbin/policy-rc.d";
/** dpkg refuses to work without the administrator's folders, which a thin PATH lacks. */
const rootPath = [process.env["PATH"] ?? "", "/usr/local/sbin", "/usr/sbin", "/sbin"].join(delimiter);
const policyMark = "# Put here by Houseguest's tests while they install packages; may be deleted.";

/**
 * Installs the system packages that are missing, without starting their services. Where that is not possible it says
 * loudly which tests will be skipped, and how to get them.
 *
 * @param {readonly { name: string, command: string, neededBy: string }[]} wanted
 * @param {string} skipped what is skipped without them
 */
export function installSystemPackages(wanted = systemPackages, skipped = "tests") {
  removeOwnPolicy();
  const missing = missingOf(wanted);
  if (missing.length === 0) return;
  const obstacle = obstacleToInstalling() ?? install(missing);
  if (obstacle === undefined) return;
  const names = missing.map(({ name }) => name).join(" ");
  console.error(`\n!! Some ${skipped} will be skipped: ${obstacle}`);
  for (const { name, command, neededBy } of missing) console.error(`!!   no ${command} (${name}): ${neededBy}`);
  console.error(`!! To run them too: sudo apt-get install --no-install-recommends ${names}\n`);
}

/** @param {readonly { name: string, command: string, neededBy: string }[]} wanted */
function missingOf(wanted) {
  return wanted.filter(({ command }) => !commandExists(command));
}

/** @param {string} command */
function commandExists(command) {
  return rootPath.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function obstacleToInstalling() {
  if (process.getuid?.() !== 0) return "system packages are missing, and only root can install them.";
  if (!existsSync("/etc/debian_version")) return "system packages are missing, and this is not Debian.";
  if (!commandExists("apt-get")) return "system packages are missing, and so is apt-get.";
  return undefined;
}

/**
 * @param {readonly { name: string, command: string, neededBy: string }[]} missing
 * @returns {string | undefined} why it did not work
 */
function install(missing) {
  const names = missing.map(({ name }) => name);
  console.log(`Installing ${names.join(", ")} with apt-get ...`);
  const options = ["-q", "-o", "DPkg::Lock::Timeout=60", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=30"];
  const policyIsOurs = forbidServices();
  try {
    const listed = apt([...options, "update"]);
    const installed = apt([...options, "install", "-y", "--no-install-recommends", ...names]);
    if (installed.status === 0 && missingOf(missing).length === 0) return undefined;
    const errors = `${listed.stderr}\n${installed.stderr}`.split("\n").filter((line) => line.startsWith("E: "));
    const why = [...errors.slice(0, 4), installed.error?.message].filter(Boolean).join("\n!!     ");
    return `apt-get could not install ${names.join(", ")}:\n!!     ${why || "it gave no reason"}`;
  } finally {
    if (policyIsOurs) removeOwnPolicy();
  }
}

/** @param {string[]} parameters */
function apt(parameters) {
  return spawnSync("apt-get", parameters, {
    // RUNLEVEL=1 keeps invoke-rc.d from starting services even where a policy file of somebody else's allows it.
    env: { ...process.env, PATH: rootPath, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    timeout: APT_MS_MAX,
  });
}

/**
 * Package scripts ask policy-rc.d before they start a service (Debian Policy 9.3.3.1); 101 is no.
 *
 * @returns {boolean} whether the file is ours to take away again
 */
function forbidServices() {
  try {
    writeFileSync(policyFile, `#!/bin/sh\n${policyMark}\nexit 101\n`, { mode: 0o755, flag: "wx" });
    return true;
  } catch {
    // Somebody's own policy stands there already, and is left as it is.
    return false;
  }
}

/** Takes away our policy file, also one that a killed earlier run left behind. */
function removeOwnPolicy() {
  if (process.getuid?.() !== 0 || !existsSync(policyFile)) return;
  if (readFileSync(policyFile, "utf8").includes(policyMark)) rmSync(policyFile);
}
