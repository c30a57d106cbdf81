import type { ListedFact } from "../../../core/fact.ts";
import { showAddress } from "../../netlink/addresses.ts";
import { attributesByType, littleEndian, textOf } from "../../netlink/attributes.ts";
import type { Questions } from "../../netlink/netlink.ts";

/** linux/rtnetlink.h and linux/fib_rules.h */
const getRoute = 26;
const getRule = 34;
const headerBytes = 12;
const families = { 2: "ipv4", 10: "ipv6" } as const;
const routeAttributes = { target: 1, device: 4, gateway: 5, metric: 6, table: 15 } as const;
const clonedFlag = 0x200;
/** Of those tells `network.ts`, as far as it goes. */
const ordinaryTables = new Set([254, 255]);
const localTable = 255;
/** RTPROT_REDIRECT, RTPROT_KERNEL, RTPROT_RA: the kernel made them, from an address or from what a router said. */
const madeByKernel = new Set([1, 2, 9]);
/** What is set of a route beside where it leads: the source, metrics such as the packet size, encapsulation, next hop. */
const settings = { source: 7, metrics: 8, encapsulation: 22, nextHop: 30 } as const;
const multipath = 9;
/** struct rtnexthop */
const hopHeaderBytes = 8;
const ruleAttributes = {
  to: 1,
  from: 2,
  input: 3,
  goto: 4,
  priority: 6,
  mark: 10,
  table: 15,
  mask: 16,
  output: 17,
  users: 20,
};

/** Rules that choose a table of routes, and routes of tables that only rules lead to (ip-rule(8)). */
export function readRouting(
  netlink: Questions,
  nameOf: (index: number) => string,
  { isOwn = true }: { isOwn?: boolean } = {},
): ListedFact[] {
  return Object.entries(families).flatMap(([number, family]) => {
    const body = Buffer.alloc(headerBytes);
    body[0] = Number(number);
    return [
      ...netlink.dump({ type: getRule, body }).map((message) => ruleFact(message.body, family)),
      ...netlink
        .dump({ type: getRoute, body })
        .flatMap((message) => tableRouteFact(message.body, { family, nameOf, isOwn })),
    ];
  });
}

/** @param body of a message RTM_NEWRULE or RTM_DELRULE */
export function ruleFact(body: Buffer, family: string): ListedFact {
  const found = attributesByType(body, headerBytes);
  const network = (type: number, bits: number | undefined) =>
    found.has(type) ? `${showAddress(found.get(type))}/${bits}` : "all";
  const number = (type: number) => (found.has(type) ? littleEndian(found.get(type)) : null);
  const attributes = {
    priority: number(ruleAttributes.priority) ?? 0,
    from: network(ruleAttributes.from, body[2]),
    to: network(ruleAttributes.to, body[1]),
    input: textOf(found.get(ruleAttributes.input)),
    output: textOf(found.get(ruleAttributes.output)),
    mark: number(ruleAttributes.mark),
    mask: number(ruleAttributes.mask),
    users: found.get(ruleAttributes.users)?.toString("hex") ?? "",
    table: number(ruleAttributes.table) ?? body[4] ?? 0,
    goto: number(ruleAttributes.goto),
    // FR_ACT_* of linux/fib_rules.h: to a table, to a rule, nothing, blackhole …
    action: body[7] ?? 0,
  };
  const key = `rule ${family} ${Object.values(attributes).join(" ")}`;
  const subject = `${family} rule ${attributes.priority} from ${attributes.from} to ${attributes.to}: table ${attributes.table}`;
  const show = `ip ${family === "ipv6" ? "-6 " : ""}rule show`;
  return { key, subject, location: `rule ${attributes.priority} of ${family}`, uid: null, attributes, show };
}

/**
 * Of the tables main and local only what somebody set that /proc does not show, or all of it in other network namespaces
 * than the scanner's own.
 */
export function tableRouteFact(
  body: Buffer,
  { family, nameOf, isOwn = true }: { family: string; nameOf: (index: number) => string; isOwn?: boolean },
): ListedFact[] {
  const found = attributesByType(body, headerBytes);
  const table = found.has(routeAttributes.table) ? littleEndian(found.get(routeAttributes.table)) : (body[4] ?? 0);
  if ((body.readUInt32LE(8) & clonedFlag) !== 0) return [];
  const details = Object.entries(settings).flatMap(([name, type]) =>
    found.has(type) ? [`${name} ${found.get(type)?.toString("hex")}`] : [],
  );
  const hops = hopsIn(found.get(multipath), nameOf);
  if (ordinaryTables.has(table)) {
    if (madeByKernel.has(body[5] ?? 0)) return [];
    if (isOwn && table !== localTable && details.length === 0 && hops.length === 0) return [];
  }
  const target = found.has(routeAttributes.target)
    ? `${showAddress(found.get(routeAttributes.target))}/${body[1]}`
    : "default";
  const attributes = {
    table,
    device: found.has(routeAttributes.device) ? nameOf(littleEndian(found.get(routeAttributes.device))) : "",
    via: found.has(routeAttributes.gateway) ? showAddress(found.get(routeAttributes.gateway)) : "",
    metric: littleEndian(found.get(routeAttributes.metric)),
    type: body[7] ?? 0,
  };
  const key = `route ${family} ${target} ${Object.values(attributes).join(" ")}`;
  const more = { ...(details.length > 0 && { details }), ...(hops.length > 0 && { hops }) };
  const subject = `route to ${target} in table ${table}`;
  const show = `ip ${family === "ipv6" ? "-6 " : ""}route show table ${table}`;
  return [
    { key, subject, location: `${target} in table ${table}`, uid: null, attributes: { ...attributes, ...more }, show },
  ];
}

/** Whether one of them is there at the moment says nothing of what was set. */
function hopsIn(value: Buffer | undefined, nameOf: (index: number) => string): string[] {
  const hops: string[] = [];
  for (let at = 0; value !== undefined && at + hopHeaderBytes <= value.length; ) {
    const length = value.readUInt16LE(at);
    if (length < hopHeaderBytes) break;
    const gateway = value.toString("hex", at + hopHeaderBytes, at + length);
    hops.push(`${nameOf(value.readInt32LE(at + 4))} ${value[at + 3]} ${gateway}`);
    at += (length + 3) & ~3;
  }
  return hops;
}
