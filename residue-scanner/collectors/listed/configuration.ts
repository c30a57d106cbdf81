import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";

import { systemCode } from "../../../foundation/errors.ts";
import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { shellPath } from "../../core/path-text.ts";
import { readQuickly } from "../quick-read.ts";
import { homesBelow } from "./homes.ts";

/** Files in which many parties keep lines of their own, so that which lines changed says more than that the file did. */
const sharedFiles = [
  ..."passwd group shadow gshadow subuid subgid shells services protocols hosts hosts.allow hosts.deny".split(" "),
  ..."resolv.conf nsswitch.conf fstab crypttab exports environment profile bash.bashrc inittab rc.local".split(" "),
  ..."ld.so.preload ld.so.conf sudoers sysctl.conf modules login.defs securetty locale.gen".split(" "),
  ..."at.allow at.deny cron.allow cron.deny ssh/ssh_config ssh/sshd_config apt/sources.list".split(" "),
].map((name) => `etc/${name}`);

/** Directories whose files are parts of one such list. */
const sharedDirectories = [
  "sudoers.d profile.d ld.so.conf.d sysctl.d modules-load.d modprobe.d apt/sources.list.d apt/preferences.d".split(" "),
  "security/limits.d ssh/sshd_config.d ssh/ssh_config.d environment.d pam.d exports.d hosts.d".split(" "),
]
  .flat()
  .map((name) => `etc/${name}`);

/** What dpkg(1) was told to treat otherwise than its packages say. */
const dpkgFiles = ["var/lib/dpkg/diversions", "var/lib/dpkg/statoverride"];

/** The same in each user's home. */
const homeFiles = [
  ".bashrc .bash_profile .bash_login .bash_logout .profile .zshenv .zprofile .zshrc .pam_environment".split(" "),
  ".ssh/authorized_keys .ssh/authorized_keys2 .ssh/config .ssh/known_hosts".split(" "),
].flat();

/** The fields behind the name are told as a digest: they hold the hashes of passwords. */
const secretFiles = new Set(["etc/shadow", "etc/gshadow"]);

/** A larger file is no list of lines that people keep. */
const bytesMax = 262_144;

/** What was last read of each file, with the facts made of it: most of the work is lost on files that stay as they are. */
const lastRead = new Map<string, { readonly content: string; readonly facts: readonly ListedFact[] }>();

/** Every line that says something of the configuration files that many share, comments too: whoever wrote one left it. */
export function collectConfiguration(root = "/"): ListedReading {
  const facts: ListedFact[] = [];
  const refused: string[] = [];
  for (const file of configurationFiles(root, refused)) facts.push(...(readLines(file, { root, refused }) ?? []));
  const [first] = refused;
  return {
    facts,
    unseen: first === undefined ? [] : [`${refused.length} configuration files cannot be read, ${first} for one`],
  };
}

/** Every file in which they are looked for, whether it is there or not; one character a byte. */
export function configurationFiles(root = "/", refused: string[] = []): string[] {
  const paths = [...sharedFiles, ...dpkgFiles, ...filesIn(root, refused), ...filesInHomes(root)];
  return [...new Set(paths)].map((path) => join(root, path));
}

/** The lines of one file; null where there is no such file, or none of this kind. */
export function readLines(
  file: string,
  { root = "/", refused = [] }: { root?: string; refused?: string[] } = {},
): readonly ListedFact[] | null {
  const content = readShared(file, refused);
  return content === null ? null : factsOf({ file, content, isSecret: secretFiles.has(relative(root, file)) });
}

function filesIn(root: string, refused: string[]): string[] {
  return sharedDirectories.flatMap((directory) => {
    try {
      return readdirSync(join(root, directory), "latin1").map((name) => join(directory, name));
    } catch (error) {
      if (!["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) refused.push(join(root, directory));
      return [];
    }
  });
}

function filesInHomes(root: string): string[] {
  return homesBelow(root).flatMap((home) => homeFiles.map((name) => join(home, name)));
}

/** One character a byte; null where there is no such file, or none of this kind. */
function readShared(path: string, refused: string[]): string | null {
  const bytePath = Buffer.from(path, "latin1");
  try {
    // Looked at before it is opened: a pipe would keep whoever opens it. Most are not there, which is no error to pay for.
    const stats = statSync(bytePath, { throwIfNoEntry: false });
    if (stats?.isFile() !== true || stats.size > bytesMax) return null;
    return readQuickly(bytePath);
  } catch (error) {
    if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(systemCode(error) ?? "")) refused.push(path);
    return null;
  }
}

function factsOf(read: { file: string; content: string; isSecret: boolean }): readonly ListedFact[] {
  const last = lastRead.get(read.file);
  if (last?.content === read.content) return last.facts;
  const facts = linesOf(read);
  lastRead.set(read.file, { content: read.content, facts });
  return facts;
}

/** Lines by their text and how often it came before, so that a line put in above does not change those below. */
function linesOf({ file, content, isSecret }: { file: string; content: string; isSecret: boolean }): ListedFact[] {
  const seen = new Map<string, number>();
  return content.split("\n").flatMap((line, index) => {
    const text = isSecret ? veiled(line.trim()) : line.trim();
    if (text === "") return [];
    const earlier = seen.get(text) ?? 0;
    seen.set(text, earlier + 1);
    return [
      {
        key: `${file}: ${text}${earlier > 0 ? ` (${earlier + 1})` : ""}`,
        subject: `line of ${file}: ${text}`,
        location: `${file}:${index + 1}`,
        uid: null,
        attributes: { line: text },
        file,
        show: `grep -nF -- ${shellPath(isSecret ? text.slice(0, text.indexOf(":") + 1) : text)} ${shellPath(file)}`,
      },
    ];
  });
}

function veiled(line: string): string {
  if (line === "") return "";
  const digest = createHash("sha256").update(line, "latin1").digest("hex").slice(0, 16);
  return `${line.slice(0, line.indexOf(":") + 1)}(digest ${digest})`;
}
