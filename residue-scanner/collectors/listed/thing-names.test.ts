import { describe, expect, it } from "vitest";

import { namesOf } from "../../core/act-attribution.ts";
import type { ListedFact } from "../../core/fact.ts";
import { layouts, ruleFacts } from "./firewall/legacy-tables.ts";
import type { LegacyRule } from "./firewall/legacy-chains.ts";
import { ruleFact, tableRouteFact } from "./network/routing.ts";

function attribute(type: number, value: readonly number[] | string | number): Buffer {
  const given = typeof value === "number" ? Buffer.from(Uint32Array.of(value).buffer) : value;
  const bytes = typeof given === "string" ? Buffer.from(given, "latin1") : Buffer.from(given);
  const whole = Buffer.alloc((4 + bytes.length + 3) & ~3);
  whole.writeUInt16LE(4 + bytes.length, 0);
  whole.writeUInt16LE(type, 2);
  whole.set(bytes, 4);
  return whole;
}

/** Without its place, which is no single word. */
function wordsFor({ key, location }: ListedFact): string[] {
  expect(location).toContain(" ");
  return [...new Set(namesOf(key, location))].filter((name) => name !== location);
}

describe("the words that name a rule of routing", () => {
  const rule = (...attributes: Buffer[]) => {
    const header = Buffer.alloc(12);
    [header[0], header[2], header[4], header[7]] = [2, 32, 100, 1];
    return ruleFact(Buffer.concat([header, ...attributes]), "ipv4");
  };
  const priority = attribute(6, 100);

  it("are whom it is for, its mark and its table, and nothing that any rule has", () => {
    const from = attribute(2, [10, 9, 0, 1]);
    const marked = [attribute(10, 48_879), attribute(16, 0xffff_ffff)];
    expect(wordsFor(rule(priority, from))).toEqual(["10.9.0.1/32", "10.9.0.1"]);
    expect(wordsFor(rule(attribute(6, 30_123), from, ...marked, attribute(15, 51_820)))).toEqual([
      ...["30123", "10.9.0.1/32", "48879", "51820"],
      "10.9.0.1",
    ]);
    expect(wordsFor(rule(priority, attribute(10, 5), attribute(16, 0xffff_ffff)))).toEqual([]);
    expect(wordsFor(rule(priority, attribute(10, 48_879), attribute(16, 0xff_ff00)))).toEqual(["48879"]);
  });

  it("are not at which interface it is, unless nothing else tells", () => {
    const input = attribute(3, "tun0\0");
    expect(wordsFor(rule(priority, input))).toEqual(["tun0"]);
    expect(wordsFor(rule(priority, input, attribute(1, [10, 9, 0, 1])))).not.toContain("tun0");
  });
});

describe("the words that name a route", () => {
  const nameOf = () => "eth0";
  const route = (...attributes: Buffer[]) => {
    const header = Buffer.alloc(12);
    [header[0], header[1], header[4], header[7]] = [2, 24, 100, 1];
    return tableRouteFact(Buffer.concat([header, ...attributes]), { family: "ipv4", nameOf }).flatMap(wordsFor);
  };

  it("are where it leads, and of a default route by whom", () => {
    const [target, device, gateway] = [attribute(1, [10, 9, 0, 0]), attribute(4, 7), attribute(5, [198, 51, 100, 1])];
    expect(route(target, device, gateway)).toEqual(["10.9.0.0/24", "10.9.0.0"]);
    expect(route(device, gateway)).toEqual(["198.51.100.1"]);
    expect(route(device)).toEqual([]);
  });
});

describe("the words that name a rule of the older iptables", () => {
  const [layout] = layouts;
  const rule = (parts: Partial<LegacyRule>, addresses: { from?: number[]; input?: string } = {}) => {
    const bytes = Buffer.alloc(200);
    bytes.set(addresses.from ?? [], layout.from);
    bytes.write(addresses.input ?? "", layout.input, "latin1");
    bytes.writeUInt16LE(112, layout.targetAt);
    const whole: LegacyRule = { bytes, chain: "INPUT", part: "rule", target: "ACCEPT", isJump: false, ...parts };
    return ruleFacts({ layout, table: "filter", rules: [whole, whole] }).map(wordsFor);
  };

  it.each([
    ["a chain of somebody's own", rule({ chain: "left", part: "head", target: "ERROR" }), ["left"]],
    ["what it says there", rule({ chain: "left", target: "DROP" }), ["left"]],
    ["whom it is for", rule({}, { from: [10, 9, 0, 1], input: "eth0" }), ["10.9.0.1"]],
    ["to which chain it leads", rule({ target: "to left" }), ["left"]],
    ["at which interface, where nothing else tells", rule({}, { input: "tun0" }), ["tun0"]],
    ["nothing of what is always there", rule({ part: "policy", target: "DROP" }), []],
    ["nor of where it leads, when that is always there", rule({ target: "MASQUERADE" }), []],
    ["nor where that is not known", rule({ target: "to another rule" }), []],
  ])("are %s", (_, names, expected) => {
    expect(names).toEqual([expected, expected]);
  });
});
