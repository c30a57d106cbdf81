import type { Excused } from "../../protocol/residue-report.ts";
import type { AttributionContext } from "./attribution-context.ts";
import { isOfRun } from "./combined-roles.ts";
import { describe } from "./describe.ts";
import { type Difference, isListed } from "./difference.ts";
import type { Surface } from "./fact.ts";
import type { FileFact } from "./file-fact.ts";
import type { NoiseCase } from "./noise-rule.ts";
import { noiseRules } from "./noise-rules.ts";
import { isOthersChangedFile } from "./others-noise.ts";
import type { Attribution, ProcessWitness } from "./process-attribution.ts";
import type { RecordedEvidence } from "./recorded-evidence.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Steps } from "./steps.ts";
import { deviceNames, SettingGroups } from "./told-devices.ts";

const examplesMax = 5;

/** A difference, and whose it is. */
export interface Judged {
  readonly difference: Difference;
  readonly attribution: Attribution;
}

/** What was excused, by rule. */
export class ExcusedTally {
  readonly #byRule = new Map<string, Excused>();
  /** Keys of what may not have been excused by right, by surface. */
  readonly unseen = new Map<Surface, string[]>();

  add(rule: { readonly id: string; readonly reason: string }, example: string): void {
    const earlier = this.#byRule.get(rule.id) ?? { rule: rule.id, reason: rule.reason, count: 0, examples: [] };
    const examples = earlier.examples.length < examplesMax ? [...earlier.examples, example] : earlier.examples;
    this.#byRule.set(rule.id, { ...earlier, count: earlier.count + 1, examples });
  }

  /** That it may not have been excused by right. */
  addUnseen({ surface, key }: Difference): void {
    const known = this.unseen.get(surface);
    if (known === undefined) this.unseen.set(surface, [key]);
    else known.push(key);
  }

  list(): Excused[] {
    return [...this.#byRule.values()].sort((one, other) => other.count - one.count);
  }
}

/** Two passes: what is told together with something else is excused once that is known to be told. */
export function* excuse(
  judged: readonly Judged[],
  options: {
    context: AttributionContext;
    witness: ProcessWitness;
    /** Null where nothing was recorded. */
    recorded: RecordedEvidence | null;
    excused: ExcusedTally;
    directoryOf: (difference: Difference) => FileFact | null;
    before: Pick<Snapshot, "listed">;
    after: Pick<Snapshot, "listed">;
  },
): Steps<Judged[]> {
  const { context, witness, recorded, excused, directoryOf } = options;
  let found = foundKeys([]);
  const caseOf = ({ difference, attribution }: Judged): NoiseCase => ({
    difference,
    attribution,
    context,
    cgroupPrefixes: witness.cgroups.prefixes,
    watcherUid: witness.table.watcherUid,
    directory: () => directoryOf(difference),
    isOfOthersFile: (file) => othersFiles.has(file),
    isFoundProcess: (pid) => found.processes.has(pid),
    isFoundCrontab: (file) => found.crontabs.has(file),
    isFoundLine: (file) => found.lines.has(file),
    isFoundSocket: (path) => found.sockets.has(path),
    isOfNamespace: (name, change) => namespaces.get(name) === change,
    isFoundNamespace: (name) => found.namespaces.has(name),
    isLeftAlone: () => difference.surface === "processes" && recorded?.calls.isLeftAlone(difference) === true,
    isOnOthersTerminal: (fact) => witness.isOnOthersTerminal(fact),
    isToldDevice: (device, change) => devices.has(`${change} ${device}`),
    isWithDevice: () => {
      const first = settings.firstWith(difference);
      if (first !== difference.key && first !== null && found.settings.has(first)) return true;
      return settings.isOfOne(difference, isOfRun(attribution.to) ? found.devices : names);
    },
    isWatched: recorded?.isWatching === true,
    isMovingSeen: () => recorded?.isMovingSeen(difference) === true,
    ranThroughout: (name) => witness.table.ranThroughout(name),
    isScanner: (pid) => witness.table.isScanner(pid),
    isReader: (pid) => witness.table.isReader(pid),
    wasScanner: (pid) => witness.table.wasScanner(pid),
  });
  const namespaces = new Map(
    judged.flatMap(({ difference }) =>
      // One that another thing keeps now is there as it was.
      difference.surface === "namespaces" && difference.change !== "changed"
        ? [[difference.key, difference.change] as const]
        : [],
    ),
  );
  const devices = new Set(
    judged.flatMap(({ difference }) => {
      const fact = isListed(difference) ? (difference.after ?? difference.before) : null;
      if (fact?.device === undefined) return [];
      return [fact.device, String(fact.attributes["type"])].map((device) => `${difference.change} ${device}`);
    }),
  );
  const all = judged.map(({ difference }) => difference);
  const settings = new SettingGroups(options.before, options.after, all);
  const names = deviceNames(all);
  const ruleFor = (one: Judged) => noiseRules.find((rule) => rule.matches(caseOf(one)));
  const othersFiles = new Set(
    judged.filter((one) => isOthersChangedFile(caseOf(one))).map(({ difference }) => difference.key),
  );
  const counting: Judged[] = [];
  for (const one of judged) {
    yield;
    if (ruleFor(one) === undefined) counting.push(one);
  }
  found = foundKeys(counting.splice(0));
  for (const one of judged) {
    yield;
    const rule = ruleFor(one);
    if (rule === undefined) counting.push(one);
    else excused.add(rule, exampleOf(one));
    if (rule?.leavesPartial === true) excused.addUnseen(one.difference);
  }
  return counting;
}

interface FoundKeys {
  readonly processes: Set<number>;
  readonly crontabs: Set<string>;
  readonly lines: Set<string>;
  readonly sockets: Set<string>;
  readonly namespaces: Set<string>;
  /** Of settings. */
  readonly settings: Set<string>;
  /** As `deviceNames` has them. */
  readonly devices: Set<string>;
}

function foundKeys(judged: readonly Judged[]): FoundKeys {
  const found: FoundKeys = {
    ...{ processes: new Set(), crontabs: new Set(), lines: new Set(), sockets: new Set() },
    ...{ namespaces: new Set(), settings: new Set() },
    devices: deviceNames(judged.map(({ difference }) => difference)),
  };
  for (const { difference } of judged) {
    if (difference.surface === "sysctls") found.settings.add(difference.key);
    if (difference.surface === "processes" && difference.after !== null) found.processes.add(difference.after.pid);
    if (difference.surface === "crontabs" && difference.after !== null) found.crontabs.add(difference.after.file);
    if (isListed(difference)) {
      const { file } = difference.after ?? difference.before ?? {};
      if (file !== undefined) found.lines.add(file);
      if (difference.surface === "namespaces") found.namespaces.add(difference.key);
    }
    if (difference.surface === "sockets" && difference.after?.state === "listening")
      found.sockets.add(difference.after.local);
  }
  return found;
}

function exampleOf({ difference, attribution }: Judged): string {
  const why = attribution.evidence.find(({ kind }) => kind !== "time");
  const { location } = describe(difference, {
    userName: String,
    inspection: undefined,
    isNew: () => false,
    processes: new Map(),
  });
  return why === undefined ? location : `${location} (${why.detail})`;
}
