import type { FactAttributes, Finding } from "../../protocol/residue-report.ts";
import { coveredPlace, coveredText } from "./covered-path.ts";
import { type Difference, type FileDifference, isListed, type ListedDifference } from "./difference.ts";
import { attributesOf, type ListedFact, type ProcessFact, type SocketFact } from "./fact.ts";
import { fileAttributes, type FileFact } from "./file-fact.ts";
import type { FileInspection } from "./inspection.ts";
import { shellPath, showPath, showText, showWords, toBytePath } from "./path-text.ts";
import { removalOf } from "./removal.ts";

/** What a person reads about a difference; `attribution` is added elsewhere. */
export type Description = Omit<Finding, "attribution" | "change" | "changed" | "surface">;

export interface DescriptionSources {
  readonly userName: (uid: number) => string;
  readonly inspection: FileInspection | undefined;
  /** Whether there was no such file before, by its path. */
  readonly isNew: (file: string) => boolean;
  /** Processes at the after reading. */
  readonly processes: ReadonlyMap<number, ProcessFact>;
}

export function describe(difference: Difference, sources: DescriptionSources): Description {
  return { ...describePresent(difference, sources), remove: removalOf(difference, sources.isNew) };
}

function describePresent(difference: Difference, sources: DescriptionSources): Omit<Description, "remove"> {
  if (isListed(difference)) return describeListed(difference, sources);
  switch (difference.surface) {
    case "files":
      return describeFile(difference, sources);
    case "processes": {
      const fact = present(difference);
      const command = fact.commandLine === "" ? fact.name : fact.commandLine;
      return {
        id: `processes:${fact.pid}@${fact.startTime}`,
        subject: `process ${fact.pid}: ${shorten(showWords(command))}`,
        location: `pid ${fact.pid}, started at tick ${fact.startTime}`,
        owner: fact.uid === null ? null : sources.userName(fact.uid),
        ...plainAttributes(difference),
        show: `ps -o pid,ppid,sid,user,lstart,args -p ${fact.pid}`,
      };
    }
    case "sockets": {
      const fact = present(difference);
      return {
        id: `sockets:${showWords(fact.key)}`,
        subject: `${fact.state} ${fact.protocol} socket ${showWords(fact.local) || "without a name"}${fact.remote === null ? "" : ` to ${showWords(fact.remote)}`}`,
        location: showWords(fact.key),
        owner: ownersText(fact.owners, sources.processes),
        ...plainAttributes(difference),
        show: showSocket(fact),
      };
    }
    case "crontabs": {
      const fact = present(difference);
      const whose = fact.user === null ? showPath(fact.file) : `${showPath(fact.user)}'s crontab`;
      return {
        id: `crontabs:${showPath(fact.key)}`,
        subject:
          fact.line === null
            ? fact.text.startsWith("at job ")
              ? showPath(fact.text)
              : `script ${showPath(fact.text)} that cron runs`
            : `line ${fact.line} of ${whose}: ${showText(fact.text)}`,
        location: `${showPath(fact.file)}${fact.line === null ? "" : `:${fact.line}`}`,
        owner: fact.user === null ? null : showPath(fact.user),
        ...plainAttributes(difference),
        show: fact.line === null ? `ls -l ${shellPath(fact.file)}` : `sed -n ${fact.line}p ${shellPath(fact.file)}`,
      };
    }
    case "cgroups": {
      const fact = present(difference);
      const inGroup = (file: string) => shellPath(toBytePath(`${fact.directory}/${file}`));
      return {
        id: `cgroups:${showText(fact.path)}`,
        subject: `control group ${showText(fact.path)}`,
        location: showText(fact.directory),
        owner: null,
        ...plainAttributes(difference),
        show:
          fact.inode === 0
            ? `cat ${shellPath(toBytePath(fact.directory))}`
            : `cat ${inGroup("cgroup.events")} ${inGroup("cgroup.procs")}`,
      };
    }
  }
}

function describeListed(difference: ListedDifference, { userName }: DescriptionSources): Omit<Description, "remove"> {
  const { key, subject, location, uid, show } = present(difference);
  return {
    id: `${difference.surface}:${showPath(key)}`,
    subject: shorten(showPath(subject)),
    location: showPath(location),
    owner: uid === null ? null : userName(uid),
    before: shownAttributes(difference.before),
    after: shownAttributes(difference.after),
    show,
  };
}

function shownAttributes(fact: ListedFact | null): FactAttributes | null {
  return fact === null ? null : mapTexts(fact.attributes, showPath);
}

function describeFile(
  difference: FileDifference,
  { userName, inspection }: DescriptionSources,
): Omit<Description, "remove"> {
  const fact = present(difference);
  const covered = coveredPlace(difference.key);
  const path =
    covered === null
      ? showPath(difference.key)
      : coveredText({ path: showPath(covered.path), point: showPath(covered.point) });
  const target = typeof inspection?.linkTarget === "string" ? ` -> ${showPath(inspection.linkTarget)}` : "";
  const mode = fact.permissions.toString(8).padStart(4, "0");
  const size = fact.kind === "file" ? `, ${fact.size} bytes` : "";
  return {
    id: `files:${path}`,
    subject: `${fact.kind} ${path}${target} (${mode} ${userName(fact.uid)}${size})`,
    location: path,
    owner: userName(fact.uid),
    before: difference.before === null ? null : fileAttributes(difference.before),
    after:
      difference.after === null
        ? null
        : { ...fileAttributes(difference.after), ...inspected(difference.after, inspection) },
    show: shown(difference, covered?.path ?? difference.key, covered?.point),
  };
}

/** What lies under a mount is seen where that is taken away, for one command only: in a mount namespace of its own. */
function shown({ after }: FileDifference, path: string, coveredBy: string | undefined): string {
  const show = after === null ? `ls -lad ${shellPath(parentOf(path))}` : `stat ${shellPath(path)}`;
  if (coveredBy === undefined) return show;
  return `unshare --mount sh -c ${shellPath(`umount -l ${shellPath(coveredBy)} && ${show}`)}`;
}

function inspected(fact: FileFact, inspection: FileInspection | undefined): FactAttributes {
  if (inspection === undefined) return {};
  const { digest, unread, linkTarget, xattrs, writers } = inspection;
  return {
    ...(digest !== null && { sha256: digest }),
    ...(digest !== null && { contentBefore: "not known: contents are read only where something changed" }),
    ...(unread !== null && { contentUnread: unread }),
    ...(linkTarget !== null && { target: showPath(linkTarget) }),
    ...(xattrs !== null && xattrs.length > 0 && fact.xattrs.length === 0 && { xattrs: [...xattrs] }),
    ...(writers.length > 0 && { writers: writers.map(String) }),
  };
}

function plainAttributes({
  before,
  after,
}: Exclude<Difference, FileDifference | ListedDifference>): Pick<Finding, "before" | "after"> {
  return { before: before === null ? null : textsOf(before), after: after === null ? null : textsOf(after) };
}

/** What the kernel tells of processes and sockets are bytes; lines and names of groups were read as text. */
function textsOf(fact: Parameters<typeof attributesOf>[0]): FactAttributes {
  const attributes = attributesOf(fact);
  return "pid" in fact || "protocol" in fact ? mapTexts(attributes, showWords) : attributes;
}

function mapTexts(attributes: FactAttributes, show: (text: string) => string): FactAttributes {
  const shown = (value: FactAttributes[string]) => {
    if (typeof value === "string") return show(value);
    return Array.isArray(value) ? value.map(show) : value;
  };
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, shown(value)]));
}

function present<F>({ before, after }: { readonly before: F | null; readonly after: F | null }): F {
  return (after ?? before) as F;
}

/** An unnamed socket, which has no address to look for, by its number: ss shows that of both ends; of some families nothing. */
function showSocket({ protocol, local, inodes }: SocketFact): string {
  if (protocol === "netlink" || protocol === "packet") return `ss -f ${protocol === "packet" ? "link" : protocol} -ap`;
  if (!/^(?:unix|tcp|udp|raw|icmp)/.test(protocol)) return `ls -l /proc/[0-9]*/fd | grep -wE '${inodes.join("|")}'`;
  if (!protocol.startsWith("unix")) return `ss -tuwapn | grep -F '${local}'`;
  return local === "" ? `ss -xap | grep -wE '${inodes.join("|")}'` : `ss -xapn | grep -F -e ${shellPath(local)}`;
}

function ownersText(owners: readonly number[] | null, processes: ReadonlyMap<number, ProcessFact>): string | null {
  if (owners === null || owners.length === 0) return null;
  return owners.map((pid) => `${pid} (${showWords(processes.get(pid)?.name ?? "gone")})`).join(", ");
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function shorten(text: string): string {
  const charactersMax = 120;
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax)}…`;
}
