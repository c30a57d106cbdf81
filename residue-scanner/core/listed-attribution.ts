import type { Evidence } from "../../protocol/residue-report.ts";
import type { AttributionContext } from "./attribution-context.ts";
import { combined, withRecorded } from "./combined-roles.ts";
import type { ListedDifference } from "./difference.ts";
import { packageFiles } from "./package-files.ts";
import { toBytePath } from "./path-text.ts";
import type { Attribution, ProcessWitness } from "./process-attribution.ts";
import { worstOf } from "./holder-attribution.ts";
import type { RecordedEvidence } from "./recorded-evidence.ts";
import type { Touch, TouchKind } from "./recording.ts";
import { namesIn } from "./run-names.ts";
import { settingPaths } from "./setting-paths.ts";
import { isPutting } from "./touch-attribution.ts";

/** Of others than the scanner's own: `ipc:[4026532000] shm 5`. */
const inNamespace = /^(?:mnt|net|ipc|uts):\[\d+\] /;

const listedTimes = {
  appeared: "came after the baseline",
  changed: "was changed after the baseline",
  vanished: "was there at the baseline and is gone",
} as const;

/** Whose a thing of a listed surface is: by who did it, where that was recorded, and by what its words name. */
export function attributeListed(
  difference: ListedDifference,
  {
    context,
    recorded,
    witness,
  }: { context: AttributionContext; recorded: RecordedEvidence | null; witness: ProcessWitness },
): Attribution {
  // Who has it open knows better whose it is than calls of a kind do, each of which made one.
  const isOpen = difference.change === "appeared" && (difference.after?.users ?? []).length > 0;
  const seen = recorded === null || isOpen ? null : recordedFor(difference, recorded);
  return withRecorded(seen, byWords(difference, context, witness));
}

/** Of what stands in a file, and of settings: who wrote there; of what is no file: who called the kernel for it. */
function recordedFor(difference: ListedDifference, recorded: RecordedEvidence): Attribution | null {
  // What stands at its place here is another one.
  if (recorded.calls.isWithNamespace(difference.key)) return recorded.calls.ofListed(difference);
  const { file, location = "" } = difference.after ?? difference.before ?? {};
  const ofItsOwn = recorded.ofTouches(packageFiles(difference), isPutting);
  if (ofItsOwn !== null) return ofItsOwn;
  const standsIn = file ?? (difference.surface === "sysctls" ? location : "");
  const written = recorded.ofTouches(
    [standsIn, ...settingPaths(difference)].filter((path) => path !== ""),
    difference.surface === "ipc" ? (touch) => isOfQueue(difference, touch) : isPutting,
  );
  // The host's name is set by writing to it, and by a call.
  const set = recorded.calls.ofSettingCall(difference);
  if (written !== null) return together(recorded.ofLineIn(difference.key, written), set);
  const isSetting = location.startsWith("/proc/sys/") || location.startsWith("/sys/");
  // Whoever only names a setting may have read it: where it was seen who set it, that says more.
  const isKnown = set !== null && recorded.seesSettings;
  const named = isSetting && !isKnown ? recorded.ofNaming([location, difference.key]) : null;
  if (named !== null) return together(named, set);
  const called = recorded.calls.ofListed(difference) ?? settingBeside(difference, location, recorded);
  // A mount point is not the mount: who made the directory need not have mounted anything on it.
  // Nor is the node of a disk the disk: the kernel makes it, whoever asked for that.
  const isPlace = difference.surface === "mounts" || difference.surface === "storage";
  if (called !== null || isPlace || !location.startsWith("/")) return called;
  return recorded.ofMountAt(location) ?? recorded.ofTouches([location], isPutting);
}

/** Of two ways in which it can have been done, and was seen to be. */
function together(one: Attribution, other: Attribution | null): Attribution {
  if (other === null) return one;
  return { to: combined([one.to, other.to]), evidence: [...one.evidence, ...other.evidence] };
}

const used: readonly TouchKind[] = ["modified"];
/** A message queue is a file itself: whoever sends or receives by it closes it like one that was written to. */
function isOfQueue({ change, changed }: ListedDifference, { kinds }: Touch): boolean {
  const telling: readonly TouchKind[] =
    change === "vanished" ? ["deleted"] : ["created", "attributes", ...(changed.includes("bytes") ? used : [])];
  return kinds.some((kind) => telling.includes(kind));
}

/** Settings that go by other names elsewhere, and move with those. */
const twins: readonly (readonly [RegExp, string])[] = [
  [/^(\/proc\/irq\/\d+\/smp_affinity)$/, "$1_list"],
  [/^\/sys\/kernel\/mm\/hugepages\/[^/]+\/(.+)$/, "/proc/sys/vm/$1"],
  [/^\/proc\/sys\/vm\/(nr_(?:overcommit_)?hugepages(?:_mempolicy)?)$/, "/sys/kernel/mm/hugepages/hugepages-2048kB/$1"],
  [/^\/proc\/sys\/user\/max_(inotify|fanotify|epoll)_(\w+)$/, "/proc/sys/fs/$1/max_user_$2"],
  [/^\/proc\/sys\/fs\/(inotify|fanotify|epoll)\/max_user_(\w+)$/, "/proc/sys/user/max_$1_$2"],
];

/** Where something may have been written to that moved a setting under another name. */
export function twinsOf(location: string): string[] {
  return twins.flatMap(([pattern, twin]) => (pattern.test(location) ? [location.replace(pattern, twin)] : []));
}

/** The node of the loop device of which a setting is; there may be nothing in it any more. */
export function loopNodes(location: string): string[] {
  const name = /^\/sys\/block\/(loop\d+)\/queue\//.exec(location)?.[1];
  return name === undefined ? [] : [`/dev/${name}`];
}

function settingBeside(difference: ListedDifference, location: string, recorded: RecordedEvidence): Attribution | null {
  if (difference.surface !== "sysctls") return null;
  const disk = /^\/sys\/block\/([^/]+)\//.exec(location)?.[1];
  if (disk !== undefined) {
    // blockdev(8) sets it by ioctl(2).
    const isByCall = location.endsWith("/read_ahead_kb") && difference.change === "changed";
    const called = isByCall ? recorded.calls.ofListed({ ...difference, surface: "storage", key: disk }) : null;
    // Attaching a file to a loop device moves what is set of it, and is done through its node (loop(4)).
    const attached = recorded.ofTouches(loopNodes(location), isPutting);
    const isCome = difference.change !== "changed";
    return recorded.calls.ofDisk(disk) ?? attached ?? called ?? (isCome ? recorded.calls.ofOrders(difference) : null);
  }
  if (location.startsWith("/sys/") && difference.change !== "changed") return recorded.calls.ofOrders(difference);
  return recorded.ofTouches(twinsOf(location), isPutting) ?? recorded.ofTouchesLike(location, settingsAround(location));
}

/** Writing to one setting moves others beside it and below: `ip_forward` all interfaces' `forwarding`. */
function settingsAround(location: string): string[] {
  const root = "/proc/sys";
  const directories: string[] = [];
  for (let at = location; at.startsWith(`${root}/`); ) {
    at = at.slice(0, at.lastIndexOf("/"));
    if (at !== root) directories.push(at);
  }
  return directories;
}

/** By what its words name: who made it, the kernel does not keep. */
function byWords(
  { after, before, change }: ListedDifference,
  context: AttributionContext,
  witness: ProcessWitness,
): Attribution {
  const fact = after ?? before;
  if (fact === null) return { to: "unknown", evidence: [] };
  const when: Evidence = { kind: "time", detail: listedTimes[change] };
  const text = toBytePath([fact.key, ...Object.values(fact.attributes).map(String)].join("\n"));
  const named = namesIn(text, context);
  if (named !== undefined) {
    return {
      to: context.markedRole ?? "agent",
      evidence: [{ kind: "content", detail: `${named} stands in it, which only this run uses` }, when],
    };
  }
  const scopes = [
    ...context.jobPaths.map((path) => ["job", path] as const),
    ...context.agentPaths.map((path) => ["agent", path] as const),
  ];
  const mentioned = scopes.find(([, path]) => text.includes(toBytePath(path)));
  if (mentioned !== undefined) {
    const detail = `names ${mentioned[1]}, a directory of the ${mentioned[0]}`;
    return { to: mentioned[0], evidence: [{ kind: "content", detail }, when] };
  }
  const { holders = [], users = [] } = after ?? {};
  const holder = worstOf(holders.length > 0 ? holders : users, witness);
  if (holder !== undefined) {
    // Who lives in a namespace keeps what others put there, too.
    const isOlder = holder.to === "background" && holders.some((pid) => witness.table.before(pid) !== null);
    if (isOlder && inNamespace.test(fact.key) && change !== "vanished") return { to: "unknown", evidence: [when] };
    const held: Evidence = {
      kind: "holder",
      detail: `${holders.length > 0 ? "kept by" : "open in"} process ${holder.pid}`,
    };
    return { to: holder.to, evidence: [held, ...holder.evidence, when] };
  }
  return { to: "unknown", evidence: [when] };
}
