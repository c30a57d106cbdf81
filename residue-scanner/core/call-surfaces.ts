import type { NamespaceKind } from "./namespace-tracker.ts";
import type { Act } from "./recording.ts";
import { surfaceCalls } from "./surface-calls.ts";

/**
 * How well an act explains a fact: `names` if it says which one, by what was given or returned; `near` if it says
 * something that this one can follow from; `kind` if it could have been this one as well as another; `elsewhere` if that
 * one would have had to be brought from another namespace.
 */
export type Explanation = "names" | "near" | "kind" | "elsewhere";

/** Of which kind of namespace the facts of a surface are; others are the whole kernel's. */
const namespaceOf: Readonly<Record<string, NamespaceKind>> = {
  mounts: "mnt",
  ipc: "ipc",
  network: "net",
  firewall: "net",
};

function namespaceOfFact(surface: string, key: string): NamespaceKind | null {
  if (surface !== "sysctls") return namespaceOf[surface] ?? null;
  if (key.startsWith("net.")) return "net";
  return key === "kernel.hostname" || key === "kernel.domainname" ? "uts" : null;
}

/** `net:[4026532000] interface x` is in a namespace of that kind, other than the recorder's own. */
function placeOf(key: string): { readonly foreign: NamespaceKind | null; readonly key: string } {
  const [, kind, rest] = /^(mnt|net|ipc|uts):\[\d+\] (.*)$/s.exec(key) ?? [];
  return rest === undefined ? { foreign: null, key } : { foreign: kind as NamespaceKind, key: rest };
}

/** Whether something done here, or in namespaces of one's own, can concern a fact of here or of there, or from afar. */
function reaches(
  { apart = [], entered = [], parameters }: Act,
  { surface, key, foreign }: { surface: string; key: string; foreign: NamespaceKind | null },
): boolean | "from afar" {
  if (foreign === null) {
    const namespace = namespaceOfFact(surface, key);
    return namespace === null || !apart.includes(namespace);
  }
  // Mounts are handed on to other namespaces, and interfaces are moved there; notifications are of here.
  const isThere = apart.includes(foreign) || entered.includes(foreign);
  if (foreign === "mnt") return isThere || parameters["targets"] !== undefined;
  if (parameters["message"] !== undefined) return false;
  return isThere || (foreign === "net" && key.startsWith("interface ") && "from afar");
}

/** By surface and call: it is asked of every act for each thing that differs, and hardly any act concerns it. */
const rulesOf = new Map(
  [...Map.groupBy(surfaceCalls, ({ surface }) => surface)].map(
    ([surface, rules]) => [surface, Map.groupBy(rules, ({ call }) => call)] as const,
  ),
);
const callsOfSurface: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [...rulesOf].map(([surface, rules]) => [surface, new Set(rules.keys())]),
);
const noCalls: ReadonlySet<string> = new Set();

/** The calls that can explain facts of a surface; the same object each time. */
export function callsOf(surface: string): ReadonlySet<string> {
  return callsOfSurface.get(surface) ?? noCalls;
}

/**
 * Whether an act can have made, changed or removed the fact of that key: which calls explain which surface. A surface
 * whose facts files alone make (crontabs, cgroups, configuration) is left to the file events.
 *
 * @param ofKey as the surface's collector gives it
 * @returns null if not: another call, one that failed, one in a namespace of its own, or one that names something else
 */
export function explanationBy(act: Act, surface: string, ofKey: string): Explanation | null {
  if (act.returned !== null && act.returned < 0) return null;
  const rules = rulesOf.get(surface)?.get(act.call);
  if (rules === undefined) return null;
  const { foreign, key } = placeOf(ofKey);
  const reach = reaches(act, { surface, key, foreign });
  if (reach === false) return null;
  const { apart = [], entered = [] } = act;
  // What changed here meanwhile may be nobody's doing: whoever went there can have done it there.
  const isThere = foreign !== null && entered.includes(foreign);
  let best: Explanation | null = null;
  for (const rule of rules) {
    if (rule.isIn !== undefined && apart.includes(rule.isIn)) continue;
    if (rule.among !== undefined && !rule.among.test(key)) continue;
    if (rule.when !== undefined && !rule.when(act.parameters)) continue;
    const keys = rule.keys?.(act) ?? null;
    if (keys === null && rule.isNearer === true && best !== "names") best = "near";
    else if (keys === null) best ??= "kind";
    else if (keys.some((one) => one === key || (one.endsWith("@") && key.startsWith(one)))) best = "names";
    else if (best !== "names" && rule.isNear?.(keys, key) === true) best = "near";
    else if (isThere && act.parameters["targets"] !== undefined) best ??= "kind";
  }
  return best !== null && reach === "from afar" ? "elsewhere" : best;
}
