import type { ListedDifference } from "./difference.ts";
import type { Act } from "./recording.ts";

const attaching: ReadonlySet<string> = new Set(["LOOP_CONFIGURE", "LOOP_SET_FD", "LOOP_CHANGE_FD"]);
const setting: ReadonlySet<string> = new Set(["LOOP_SET_STATUS", "LOOP_SET_STATUS64"]);

/** What calls can change of a loop device into which nothing else is put (loop(4)). */
const changing: Readonly<Record<string, readonly string[]>> = {
  BLKROSET: ["readOnly"],
  LOOP_SET_STATUS: ["sectors", "offset", "sizeLimit", "autoclear", "directWrites"],
  LOOP_SET_STATUS64: ["sectors", "offset", "sizeLimit", "autoclear", "directWrites"],
  LOOP_SET_CAPACITY: ["sectors"],
  LOOP_SET_DIRECT_IO: ["directWrites"],
  // With blocks that are too small for the disk below, writes are direct no longer.
  LOOP_SET_BLOCK_SIZE: ["directWrites"],
  LOOP_CTL_ADD: [],
  LOOP_CTL_REMOVE: [],
};

/** What one does to a device also when it attached another one: nothing of it belongs to attaching. */
const elsewhere: ReadonlySet<string> = new Set(["BLKROSET", "LOOP_CLR_FD"]);

/** Whether a call, ioctl(2), puts a file into a loop device. */
export function attaches({ call, parameters }: Act): boolean {
  return call === "ioctl" && attaching.has(parameters["command"] ?? "");
}

function isLoop({ surface, key }: ListedDifference): boolean {
  return surface === "storage" && key.startsWith("loop");
}

function wasAttached(difference: ListedDifference): boolean {
  const [before, after] = backings(difference);
  return isLoop(difference) && after !== undefined && before !== after;
}

function backings({ before, after }: ListedDifference): readonly [before: unknown, after: unknown] {
  return [before?.attributes["backing"], after?.attributes["backing"]];
}

/**
 * Which calls may have been about which loop device: they name a descriptor only. Whoever looks for a free one opens the
 * same node as another who does, and all but one are refused (loop-control(4)).
 */
export class LoopAttachments {
  /** By device, whose calls are needed for other devices, each of them. */
  readonly #spent = new Map<string, ReadonlySet<number>>();
  readonly #isDetached: boolean;

  /**
   * @param options.acts what did not fail
   * @param options.isComplete whether every call was seen
   * @param options.openersOf who had the device's node open to write to it, by serial
   */
  constructor(options: {
    readonly acts: readonly Act[];
    readonly differences: readonly ListedDifference[];
    readonly isComplete: boolean;
    readonly openersOf: (difference: ListedDifference) => ReadonlySet<number>;
  }) {
    const { acts, differences, isComplete, openersOf } = options;
    this.#isDetached = !isComplete || acts.some(({ parameters }) => parameters["command"] === "LOOP_CLR_FD");
    const made = countBy(acts.filter(attaches));
    const devices = differences.filter(wasAttached);
    const candidates = new Map(
      devices.map((each) => [each.key, new Set([...openersOf(each)].filter((by) => made.has(by)))]),
    );
    const opening = new Set([...candidates.values()].flatMap((all) => [...all]));
    // Whoever attached something through a node that was not seen may have attached any of them.
    if (!isComplete || [...made.keys()].some((by) => !opening.has(by))) return;
    const set = countBy(acts.filter(({ parameters }) => setting.has(parameters["command"] ?? "")));
    for (const by of opening) if ((set.get(by) ?? 0) > (made.get(by) ?? 0)) return;
    this.#spend(candidates, made);
  }

  /** Whether an act of who could have been about it was not, or cannot have changed this of it. */
  excludes(difference: ListedDifference, act: Act): boolean {
    const command = act.parameters["command"] ?? "";
    if (!isLoop(difference)) return false;
    const isOwn = act.call === "ioctl";
    if (isOwn && !elsewhere.has(command) && this.#spent.get(difference.key)?.has(act.by) === true) return true;
    const [before, after] = backings(difference);
    if (before === undefined || before !== after) return false;
    // By being mounted, or not any more, it comes and goes only.
    const isComing = attaching.has(command) || !isOwn;
    if (isComing) return !this.#isDetached && difference.before?.attributes["autoclear"] !== "1";
    const changed = changing[command];
    return changed !== undefined && !difference.changed.some((name) => changed.includes(name));
  }

  /** Each call attaches to one device: whose calls are all needed elsewhere, because nobody else can have made those, has none left. */
  #spend(candidates: ReadonlyMap<string, Set<number>>, made: ReadonlyMap<number, number>): void {
    for (let isChanged = true; isChanged; ) {
      isChanged = false;
      const alone = countBy([...candidates.values()].filter(({ size }) => size === 1).flatMap((all) => serialsOf(all)));
      for (const [device, all] of candidates) {
        const spent = [...all].filter((by) => all.size > 1 && (alone.get(by) ?? 0) >= (made.get(by) ?? 0));
        // Where all are spent, something was not seen.
        if (spent.length === 0 || spent.length === all.size) continue;
        for (const by of spent) all.delete(by);
        this.#spent.set(device, new Set([...(this.#spent.get(device) ?? []), ...spent]));
        isChanged = true;
      }
    }
  }
}

function serialsOf(serials: ReadonlySet<number>): { readonly by: number }[] {
  return [...serials].map((by) => ({ by }));
}

function countBy(acts: readonly { readonly by: number }[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { by } of acts) counts.set(by, (counts.get(by) ?? 0) + 1);
  return counts;
}
