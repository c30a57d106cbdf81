import type { FactAttributes } from "../../../protocol/residue-report.ts";
import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { showFlags } from "./network/links.ts";
import { KernelTexts } from "./read-text.ts";
import { shellPath } from "../../core/path-text.ts";
import { readSettingsIn } from "./sysctls.ts";

/** Routes that the kernel made: from another, from a router's word, of an own address (linux/ipv6_route.h). */
const madeByKernel = { cache: 0x0100_0000, fromRouter: 0x0004_0000, local: 0x8000_0000 } as const;
/** An entry that somebody set and that stays (ATF_PERM of if_arp.h). */
const permanentNeighbour = 0x4;

interface NetworkSources {
  readonly sys?: string;
  readonly proc?: string;
  /** What netlink tells of the interfaces. Where that cannot be asked, /sys tells, of the namespace that it was mounted in. */
  readonly links?: ReadonlyMap<string, FactAttributes> | null;
  /** The keys of addresses that have a lifetime. */
  readonly passing?: ReadonlySet<string>;
}

/** Interfaces with their settings, addresses, routes and neighbours that were set, of the scanner's own network namespace. */
export function collectNetwork({
  sys = "/sys",
  proc = "/proc",
  links = null,
  passing = new Set(),
}: NetworkSources = {}): ListedReading {
  const texts = new KernelTexts();
  const refused: string[] = [];
  const facts = [
    ...[...(links?.keys() ?? texts.names(`${sys}/class/net`))].flatMap((name) => {
      const attributes = links === null ? attributesIn(texts, `${sys}/class/net/${name}`) : (links.get(name) ?? null);
      return interfaceFact({ proc, sys, name, refused }, attributes);
    }),
    ...[...addresses4(texts, proc), ...addresses6(texts, proc)].map((fact) =>
      passing.has(fact.key) ? { ...fact, attributes: { ...fact.attributes, passes: true } } : fact,
    ),
    ...routes4(texts, proc),
    ...routes6(texts, proc),
    ...permanentNeighbours(texts, proc),
    ...multicastAddresses(texts, proc),
  ];
  const hidden =
    refused.length === 0 ? [] : [`${refused.length} settings of interfaces cannot be read, ${refused[0]} for one`];
  return { facts: onceEach(facts), unseen: [...texts.unseen(), ...hidden] };
}

interface InterfaceSources {
  readonly proc: string;
  readonly sys: string;
  readonly name: string;
  readonly refused: string[];
}

/** Null for a file beside the interfaces, such as the one by which more of a kind are made, or one that is gone. */
function attributesIn(texts: KernelTexts, directory: string): FactAttributes | null {
  const word = (file: string): string | null => texts.word(`${directory}/${file}`);
  if (word("ifindex") === null) return null;
  return {
    address: word("address"),
    mtu: Number(word("mtu")),
    flags: showFlags(Number(word("flags"))),
    queueLength: Number(word("tx_queue_len")),
    group: Number(word("netdev_group")),
    alias: word("ifalias") ?? "",
  };
}

function interfaceFact(sources: InterfaceSources, found: FactAttributes | null): ListedFact[] {
  if (found === null) return [];
  const { name } = sources;
  const attributes: FactAttributes = { ...found, ...settingsOf(sources), ...queueSettings(sources) };
  return [
    {
      key: `interface ${name}`,
      subject: `network interface ${name}`,
      location: `/sys/class/net/${name}`,
      uid: null,
      attributes,
      show: `ip -details address show dev ${shellPath(name)}`,
    },
  ];
}

/** How its packets are shared out among processors and gathered (sysfs-class-net of the kernel's manual). */
const gathering = ["gro_flush_timeout", "napi_defer_hard_irqs", "threaded"];
const sharing = ["rps_cpus", "rps_flow_cnt", "xps_cpus", "xps_rxqs", "tx_maxrate"];

/** /sys shows the interfaces of the namespace that it was mounted in: one that it does not have has no such attributes. */
function queueSettings({ sys, name }: InterfaceSources): FactAttributes {
  const texts = new KernelTexts();
  const directory = `${sys}/class/net/${name}`;
  const queues = texts.names(`${directory}/queues`).map((queue) => `queues/${queue}`);
  const files = [...gathering, ...queues.flatMap((queue) => sharing.map((file) => `${queue}/${file}`))];
  const settings: FactAttributes = {};
  for (const [file, value] of readSettingsIn(directory, files)) {
    if (value !== null && value !== "refused") settings[`sys/${file}`] = value.text;
  }
  return settings;
}

function settingsOf({ proc, name, refused }: InterfaceSources): FactAttributes {
  const texts = new KernelTexts();
  const settings: FactAttributes = {};
  for (const kind of ["ipv4/conf", "ipv4/neigh", "ipv6/conf", "ipv6/neigh"]) {
    const directory = `${proc}/sys/net/${kind}/${name}`;
    for (const [setting, value] of readSettingsIn(directory, texts.names(directory))) {
      if (value === "refused") refused.push(`${directory}/${setting}`);
      else if (value !== null) settings[`${kind}/${setting}`] = value.text;
    }
  }
  return settings;
}

/** The addresses that this host takes for its own. */
function addresses4(texts: KernelTexts, proc: string): ListedFact[] {
  const lines = texts.text(`${proc}/net/fib_trie`)?.split("\n") ?? [];
  let address = "";
  return lines.flatMap((line) => {
    address = /\|-- (\S+)/.exec(line)?.[1] ?? address;
    return line.endsWith("/32 host LOCAL") ? [addressFact(address, {})] : [];
  });
}

function addresses6(texts: KernelTexts, proc: string): ListedFact[] {
  return texts.rows(`${proc}/net/if_inet6`).map(([digits = "", , prefix = "", , , device = ""]) => {
    const length = Number.parseInt(prefix, 16);
    return addressFact(`${address6(digits)}/${length} on ${device}`, { device });
  });
}

function addressFact(address: string, attributes: FactAttributes): ListedFact {
  return {
    ...{ key: `address ${address}`, subject: `address ${address}`, location: address, uid: null, attributes },
    show: `ip address show to ${address.split(" ")[0]}`,
  };
}

/** Of the main table; numbers stand in the byte order of the machine. */
function routes4(texts: KernelTexts, proc: string): ListedFact[] {
  const rows = texts.rows(`${proc}/net/route`, { headings: 1 });
  return rows.map(([device = "", to = "", via = "", flags = "", , , metric = "", mask = ""]) => {
    const bits = Number.parseInt(mask, 16).toString(2).replaceAll("0", "").length;
    return routeFact(`${address4(to)}/${bits}`, { device, via: address4(via), metric: Number(metric), flags });
  });
}

function routes6(texts: KernelTexts, proc: string): ListedFact[] {
  return texts.rows(`${proc}/net/ipv6_route`).flatMap((row) => {
    const [to = "", prefix = "", , , via = "", metric = "", , , flags = "", device = ""] = row;
    const set = Number.parseInt(flags, 16);
    if (Object.values(madeByKernel).some((bit) => (set & bit) !== 0)) return [];
    const target = `${address6(to)}/${Number.parseInt(prefix, 16)}`;
    return [routeFact(target, { device, via: address6(via), metric: Number.parseInt(metric, 16), flags })];
  });
}

function routeFact(target: string, attributes: FactAttributes): ListedFact {
  const { device, via, metric } = attributes;
  return {
    key: `route ${target} dev ${String(device)} via ${String(via)} metric ${String(metric)}`,
    subject: `route to ${target} by ${String(device)}`,
    location: target,
    uid: null,
    attributes,
    show: `ip route show ${target} table all`,
  };
}

function permanentNeighbours(texts: KernelTexts, proc: string): ListedFact[] {
  return texts
    .rows(`${proc}/net/arp`, { headings: 1 })
    .flatMap(([address = "", , flags = "", link = "", , device = ""]) => {
      if ((Number(flags) & permanentNeighbour) === 0) return [];
      return [
        {
          key: `neighbour ${address} dev ${device}`,
          subject: `permanent neighbour ${address} of ${device}`,
          location: address,
          uid: null,
          attributes: { link, device },
          show: `ip neighbour show ${address}`,
        },
      ];
    });
}

/** Those that somebody had an interface take beside those of the groups that programs joined (ip-maddress(8)). */
function multicastAddresses(texts: KernelTexts, proc: string): ListedFact[] {
  return texts.rows(`${proc}/net/dev_mcast`).flatMap(([, device = "", , asked = "0", digits = ""]) => {
    if (Number(asked) === 0) return [];
    const address = digits.replace(/..(?=.)/g, "$&:");
    const subject = `multicast address ${address} of ${device}`;
    const show = `ip maddress show dev ${device}`;
    return [
      {
        key: `multicast ${address} dev ${device}`,
        subject,
        location: address,
        uid: null,
        attributes: { device },
        show,
      },
    ];
  });
}

function onceEach(facts: readonly ListedFact[]): ListedFact[] {
  return [...new Map(facts.map((fact) => [fact.key, fact])).values()];
}

function address4(digits: string): string {
  return [6, 4, 2, 0].map((at) => Number.parseInt(digits.slice(at, at + 2), 16)).join(".");
}

/** 32 digits in the form of RFC 5952. */
function address6(digits: string): string {
  const groups = digits.match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
