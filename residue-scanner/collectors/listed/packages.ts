import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { systemCode } from "../../../foundation/errors.ts";
import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { shellPath } from "../../core/path-text.ts";

interface Package {
  readonly name: string;
  readonly version: string;
  readonly state: string;
}

interface Database {
  readonly manager: string;
  /** Below the root. */
  readonly path: string;
  readonly parse: (text: string) => readonly Package[];
  readonly show: (name: string) => string;
}

/** dpkg(1), apk(8): one paragraph a package. */
const databases: readonly Database[] = [
  { manager: "dpkg", path: "var/lib/dpkg/status", parse: parseDpkg, show: (name) => `dpkg -s ${name}` },
  { manager: "apk", path: "lib/apk/db/installed", parse: parseApk, show: (name) => `apk info -a ${name}` },
];
/** Directories with an entry for each package. */
const listings = [
  { manager: "pacman", path: "var/lib/pacman/local", show: (name: string) => `pacman -Qi ${name}` },
  { manager: "snap", path: "var/lib/snapd/snaps", show: (name: string) => `snap info ${name}` },
  { manager: "flatpak", path: "var/lib/flatpak/app", show: (name: string) => `flatpak info ${name}` },
];
/** Databases that nothing here reads. */
const unreadDatabases = ["var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite", "var/lib/rpm/Packages"];

/** What was last read of each database, with the facts made of it: it is long, and changes only when packages do. */
const lastRead = new Map<string, { readonly content: Buffer; readonly facts: readonly ListedFact[] }>();

/** Packages with their versions, and those that were removed and left their configuration. */
export function collectPackages(root = "/"): ListedReading {
  const facts: ListedFact[] = [];
  const unseen: string[] = [];
  for (const database of databases) {
    try {
      facts.push(...readDatabase(database, join(root, database.path)));
    } catch (error) {
      if (!isAbsent(error)) unseen.push(`packages of ${database.manager} cannot be read`);
    }
  }
  for (const { manager, path, show } of listings) {
    try {
      for (const name of readdirSync(join(root, path), "latin1").sort()) {
        const file = `${join(root, path)}/${name}`;
        facts.push(
          factOf({ manager, file, show: show(shellPath(name)), found: { name, version: "", state: "installed" } }),
        );
      }
    } catch (error) {
      if (!isAbsent(error)) unseen.push(`packages of ${manager} cannot be read`);
    }
  }
  const unread = unreadDatabases.find((path) => existsSync(join(root, path)));
  if (unread !== undefined) unseen.push(`packages of rpm (${join(root, unread)}) are not read`);
  return { facts, unseen };
}

function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "");
}

function readDatabase({ manager, parse, show }: Database, path: string): readonly ListedFact[] {
  const content = readFileSync(path);
  const last = lastRead.get(path);
  if (last?.content.equals(content) === true) return last.facts;
  const facts = parse(content.toString("latin1")).map((found) =>
    factOf({ manager, file: path, show: show(shellPath(found.name)), found }),
  );
  lastRead.set(path, { content, facts });
  return facts;
}

function factOf({
  manager,
  file,
  show,
  found,
}: {
  manager: string;
  file: string;
  show: string;
  found: Package;
}): ListedFact {
  const { name, version, state } = found;
  return {
    ...{ key: `${manager} ${name}`, file },
    subject: `package ${name}${version === "" ? "" : ` ${version}`} of ${manager}, ${state}`,
    location: `package ${name}`,
    uid: null,
    attributes: { version, state },
    show,
  };
}

/** deb-control(5); the third word of the status is where it stands. */
function parseDpkg(text: string): Package[] {
  return text.split("\n\n").flatMap((paragraph) => {
    const name = /^Package: (.+)$/m.exec(paragraph)?.[1];
    const [want, , state] = (/^Status: (.+)$/m.exec(paragraph)?.[1] ?? "").split(" ");
    if (name === undefined || state === undefined || state === "not-installed") return [];
    const architecture = /^Architecture: (.+)$/m.exec(paragraph)?.[1] ?? "";
    const version = /^Version: (.+)$/m.exec(paragraph)?.[1] ?? "";
    const wanted = want === "install" ? "" : `, to ${want === "deinstall" ? "be removed" : want}`;
    return [{ name: `${name}:${architecture}`, version, state: `${state}${wanted}` }];
  });
}

function parseApk(text: string): Package[] {
  return text.split("\n\n").flatMap((paragraph) => {
    const name = /^P:(.+)$/m.exec(paragraph)?.[1];
    if (name === undefined) return [];
    return [{ name, version: /^V:(.+)$/m.exec(paragraph)?.[1] ?? "", state: "installed" }];
  });
}
