import { namespaceFlags } from "./kernel-constants.ts";

/** As below /proc/PID/ns: namespaces(7). */
export type NamespaceKind = "cgroup" | "ipc" | "mnt" | "net" | "pid" | "time" | "user" | "uts";

const namespaceKinds: readonly NamespaceKind[] = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

const kindsByFlag: readonly (readonly [flag: number, kind: NamespaceKind])[] = [
  [namespaceFlags.CLONE_NEWTIME, "time"],
  [namespaceFlags.CLONE_NEWNS, "mnt"],
  [namespaceFlags.CLONE_NEWCGROUP, "cgroup"],
  [namespaceFlags.CLONE_NEWUTS, "uts"],
  [namespaceFlags.CLONE_NEWIPC, "ipc"],
  [namespaceFlags.CLONE_NEWUSER, "user"],
  [namespaceFlags.CLONE_NEWPID, "pid"],
  [namespaceFlags.CLONE_NEWNET, "net"],
];

/**
 * A new mount namespace is a copy whose mounts spread to the one it came from until their propagation is changed, unless
 * it belongs to another user namespace (mount_namespaces(7)).
 */
type Kind = NamespaceKind | "mnt that spreads" | `entered ${NamespaceKind}`;

export interface Ancestry {
  /** Serial of the process that forked it; null where that is not known. */
  parentOf(serial: number): number | null;
  /** Monotonic time in ns. */
  beganNs(serial: number): number;
}

interface State {
  readonly fromNs: number;
  readonly kinds: ReadonlySet<Kind>;
}

const none: ReadonlySet<Kind> = new Set();
/** MS_PRIVATE, MS_SLAVE: mount(2) */
const confining = 0x40000 | 0x80000;
/** More ancestors than that nobody has. */
const depthMax = 10_000;

/**
 * Who is in which namespace of its own, apart from the recorder's: what such a process makes there is not the host's.
 * Where it is not known, it is taken to be in the host's.
 */
export class NamespaceTracker {
  private readonly ancestry: Ancestry;
  private readonly states = new Map<number, State[]>();

  constructor(ancestry: Ancestry) {
    this.ancestry = ancestry;
  }

  /** A process that was there before the recording. */
  wasApart(serial: number, kinds: readonly NamespaceKind[]): void {
    this.states.set(serial, [{ fromNs: 0, kinds: new Set(kinds) }]);
  }

  /** clone(2) */
  began(serial: number, flags: number): void {
    this.states.set(serial, [{ fromNs: 0, kinds: new Set([...this.inherited(serial), ...kindsOf(flags)]) }]);
  }

  /** unshare(2) */
  left(serial: number, flags: number, atNs: number): void {
    const made = kindsOf(flags);
    const kept = [...this.kindsAt(serial, atNs)].filter(
      (kind) => !isEntered(kind) || !made.some((each) => plain(each) === plain(kind)),
    );
    this.change(serial, atNs, new Set([...kept, ...made]));
  }

  /** setns(2): into which one is not told. Flags may be 0: then not even of which kind. */
  entered(serial: number, flags: number, atNs: number): void {
    const entered = flags === 0 ? namespaceKinds : kindsOf(flags).map(plain);
    const kept = [...this.kindsAt(serial, atNs)].filter((kind) => !entered.includes(plain(kind)));
    this.change(serial, atNs, new Set([...kept, ...entered.map((kind): Kind => `entered ${kind}`)]));
  }

  /** mount(2) */
  mounted(serial: number, flags: number, atNs: number): void {
    const kinds = this.kindsAt(serial, atNs);
    if ((flags & confining) !== 0 && kinds.has("mnt that spreads"))
      this.change(serial, atNs, new Set([...kinds].map((kind) => (kind === "mnt that spreads" ? "mnt" : kind))));
  }

  /** Those that what it makes does not leave. */
  of(serial: number, atNs: number): NamespaceKind[] {
    return [...this.kindsAt(serial, atNs)].flatMap((kind) => (isSurelyApart(kind) ? [kind] : [])).sort();
  }

  /** Those of which it went into one that is not known: the host's, or somebody else's. */
  enteredBy(serial: number, atNs: number): NamespaceKind[] {
    return [...this.kindsAt(serial, atNs)].filter(isEntered).map(plain).sort();
  }

  private kindsAt(serial: number, atNs: number): ReadonlySet<Kind> {
    let [at, one]: [number, number | null] = [atNs, serial];
    for (let depth = 0; one !== null && depth < depthMax; depth += 1) {
      const before = at;
      const state: State | undefined = this.states.get(one)?.findLast(({ fromNs }) => fromNs <= before);
      if (state !== undefined) return state.kinds;
      at = Math.min(at, this.ancestry.beganNs(one));
      one = this.ancestry.parentOf(one);
    }
    return none;
  }

  private inherited(serial: number): ReadonlySet<Kind> {
    const parent = this.ancestry.parentOf(serial);
    return parent === null ? none : this.kindsAt(parent, this.ancestry.beganNs(serial));
  }

  private change(serial: number, fromNs: number, kinds: ReadonlySet<Kind>): void {
    const states = this.states.get(serial) ?? [];
    this.states.set(serial, [...states, { fromNs, kinds }]);
  }
}

function kindsOf(flags: number): Kind[] {
  const kinds: Kind[] = kindsByFlag.flatMap(([flag, kind]) => ((flags & flag) === 0 ? [] : [kind]));
  return kinds.includes("user") ? kinds : kinds.map((kind) => (kind === "mnt" ? "mnt that spreads" : kind));
}

function plain(kind: Kind): NamespaceKind {
  if (kind === "mnt that spreads") return "mnt";
  return isEntered(kind) ? (kind.slice(enteredPrefix.length) as NamespaceKind) : kind;
}

const enteredPrefix = "entered ";

function isEntered(kind: Kind): kind is `entered ${NamespaceKind}` {
  return kind.startsWith(enteredPrefix);
}

function isSurelyApart(kind: Kind): kind is NamespaceKind {
  return kind !== "mnt that spreads" && !isEntered(kind);
}
