/**
 * A listed thing's key without what anybody else's has, too: whoever sets anything of the kind says that, be it at which
 * interface, into which of the tables that are always there, or for all.
 *
 * @param key of a thing of this host's, without a namespace
 */
export function withTellingWords(key: string): string {
  const rule = routingRule.exec(key)?.groups;
  if (rule !== undefined) return [rule["kind"], ...wordsOfRoutingRule(rule)].join(" ");
  const route = routePatterns.map((pattern) => pattern.exec(key)?.groups).find((groups) => groups !== undefined);
  if (route !== undefined) return [route["kind"], ...wordsOfRoute(route)].join(" ");
  const legacy = legacyRule.exec(key)?.groups;
  if (legacy !== undefined) return [legacy["program"], ...wordsOfLegacyRule(legacy)].join(" ");
  return commonParts.reduce((left, part) => left.replace(part, "$1"), key);
}

/** Where a route leads to that leads anywhere. */
const anywhere: ReadonlySet<string> = new Set(["default", "0.0.0.0", "0.0.0.0/0", "::", "::/0"]);

/** Whether a word, or a place, of a route is that of any default route. */
export function isOfAnyRoute(key: string, word: string): boolean {
  return key.startsWith("route ") && anywhere.has(word);
}

const commonParts: readonly RegExp[] = [
  /^((?:neighbour|proxy|multicast|forwarding) \S+) dev .*$/s,
  // An address of the link alone the kernel makes itself, and whoever set up its interface said that.
  /^(address (?!fe80:)\S+) on .*$/s,
  /^(queue \S+) .*$/s,
  /^(nft rule .*) handle \d+$/s,
  /^(nft \S+ \S+) (?:filter|nat|mangle|raw|security)(?= |$)/s,
  /^((?:ip6?|arp)tables) (?:filter|nat|mangle|raw|security)$/s,
  /^(policy \d+ \S+ \S+) .*$/s,
];

/** As the collector of routing writes it: of what is not set there is nothing between two blanks. */
const routingRule =
  /^(?<kind>rule ipv[46]) (?<priority>\S+) (?<from>\S+) (?<to>\S+) (?<input>\S*) (?<output>\S*) (?<mark>\S*) \S* \S* (?<table>\S*) \S* \S*$/s;

function wordsOfRoutingRule({ priority = "", from = "", to = "", input = "", output = "", mark = "", table = "" }) {
  const whom = [from, to].filter((word) => word !== "all");
  return [priority, ...(whom.length > 0 ? whom : [input, output]), mark, table].filter(Boolean);
}

/** As the collectors of routes write them, of tables that rules lead to and of the main one. */
const routePatterns: readonly RegExp[] = [
  /^(?<kind>route ipv[46]) (?<target>\S+) \d+ \S* (?<via>\S*) \d+ \d+$/s,
  /^(?<kind>route) (?<target>\S+) dev \S* via (?<via>\S*) metric \S+$/s,
];

/** Where it leads; of a default route, by whom. */
function wordsOfRoute({ target = "", via = "" }) {
  return [anywhere.has(target) ? via : target].filter((word) => !anywhere.has(word));
}

/** As the collector of the older iptables writes it, with a digest and, of several that say the same, a number. */
const legacyRule = /^(?<program>ip6?tables) \S+ (?<chain>.*?): (?<text>.*) [0-9a-f]{16}(?: \(\d+\))?$/s;
const hookChains: ReadonlySet<string> = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/** Its chain, where somebody made that, from and to where, and the chain to which it leads. */
function wordsOfLegacyRule({ chain = "", text = "" }) {
  const said = (before: RegExp) => [...text.matchAll(before)].flatMap(([, word]) => word ?? []);
  const told = [...(hookChains.has(chain) ? [] : [chain]), ...said(/(?<=^| )(?:from|to) (?!another rule$)(\S+)/g)];
  return told.length > 0 ? told : said(/(?<=^| )(?:in|out) (\S+)/g);
}
