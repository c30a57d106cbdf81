import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { messageOf, systemCode } from "../../../foundation/errors.ts";
import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { shellPath } from "../../core/path-text.ts";

/** launchd.plist(5), below the root; the system's own volume cannot be written to. */
const places = ["Library/LaunchDaemons", "Library/LaunchAgents", "Library/StartupItems"];
const usersDirectory = "Users";
const homePlace = "Library/LaunchAgents";

/** What launchd(8) starts by itself, and what it has loaded. Written for macOS and not tried on one yet. */
export function collectLaunchd({
  root = "/",
  readLoaded = loadedJobs,
}: {
  root?: string;
  readLoaded?: () => string;
} = {}): ListedReading {
  const unseen: string[] = [];
  const homes = namesIn(join(root, usersDirectory), unseen).map((user) => join(usersDirectory, user, homePlace));
  const facts = [...places, ...homes].flatMap((place) =>
    namesIn(join(root, place), unseen).flatMap((name) => plistFact(join(root, place, name), unseen)),
  );
  try {
    facts.push(...parseLoaded(readLoaded()));
  } catch (error) {
    unseen.push(`launchctl list failed: ${messageOf(error)}`);
  }
  return { facts, unseen };
}

function loadedJobs(): string {
  return execFileSync("launchctl", ["list"], { encoding: "latin1", stdio: ["ignore", "pipe", "ignore"] });
}

/** Three columns: the pid or a dash, how it last ended, its label. The first two move with every start. */
export function parseLoaded(output: string): ListedFact[] {
  const labels = output
    .split("\n")
    .slice(1)
    .flatMap((line) => line.split("\t")[2] ?? []);
  return [...new Set(labels)].map((label) => ({
    key: `loaded ${label}`,
    subject: `job ${label} of launchd`,
    location: label,
    uid: null,
    attributes: {},
    show: `launchctl list ${shellPath(label)}`,
  }));
}

function plistFact(path: string, unseen: string[]): ListedFact[] {
  try {
    const content = hash("sha256", readFileSync(Buffer.from(path, "latin1"))).slice(0, 16);
    const fact = { key: path, subject: `launchd's ${path}`, location: path, uid: null, file: path };
    return [{ ...fact, attributes: { content }, show: `plutil -p ${shellPath(path)}` }];
  } catch (error) {
    if (!["ENOENT", "EISDIR"].includes(systemCode(error) ?? "")) unseen.push(`${path} cannot be read`);
    return [];
  }
}

function namesIn(directory: string, unseen: string[]): string[] {
  try {
    return readdirSync(directory, "latin1").sort();
  } catch (error) {
    if (!["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) unseen.push(`${directory} cannot be listed`);
    return [];
  }
}
