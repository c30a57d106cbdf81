import { describe, expect, it } from "vitest";

import { canRun, foundAfter, isRoot, run, undo } from "./testing/planted.ts";

/** Of an interface of the test's own, which nothing uses. */
const link = `hg${process.pid}`.slice(0, 14);

/** Some kinds are modules, or none at all, of a kernel. */
function canMake(...parameters: string[]): boolean {
  try {
    run("ip", ...parameters);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!isRoot || !canRun("ip") || !canRun("tc"))(
  "what was done to an interface of somebody's is found (needs root, ip and tc):",
  () => {
    const plants: readonly [what: string, command: string, finding: object][] = [
      ["another name", `ip link property add dev LINK altname LINK-other`, { changed: ["names"] }],
      ["what belongs to its kind", `ip link set dev LINK type bridge ageing_time 1234`, { changed: ["settings"] }],
      ["the size of what it gathers", `ip link set dev LINK gso_max_size 4711`, { changed: ["segmentBytesMax"] }],
      [
        "a class of its queueing",
        `tc class add dev LINK parent 1: classid 1:77 htb rate 1mbit`,
        { change: "appeared" },
      ],
      [
        "a neighbour of version 6",
        `ip -6 neigh add fe80::4711 lladdr 02:00:00:00:00:07 nud permanent dev LINK`,
        { change: "appeared" },
      ],
      ["an address that it answers for", `ip neigh add proxy 203.0.113.7 dev LINK`, { change: "appeared" }],
      ["a multicast address", `ip maddr add 33:33:00:00:47:11 dev LINK`, { change: "appeared" }],
    ];
    it.each(plants)("%s", async (what, command, finding) => {
      undo("ip", "link", "delete", link);
      run("ip", "link", "add", link, "type", "bridge");
      if (what === "a class of its queueing")
        run("tc", ..."qdisc add dev LINK root handle 1: htb".replace("LINK", link).split(" "));
      const found = await foundAfter(() => {
        const [program = "", ...parameters] = command.replaceAll("LINK", link).split(" ");
        run(program, ...parameters);
        return new RegExp(`\\b${link}\\b`);
      }, ["network"]);
      // The kernel makes an ordinary neighbour of an address that is answered for.
      expect(found).toContainEqual(expect.objectContaining({ surface: "network", ...finding }));
    });

    it("an address that a tunnel forwards to", async (context) => {
      undo("ip", "link", "delete", link);
      if (!canMake("link", "add", link, "type", "vxlan", "id", "4711", "dstport", "0", "local", "127.0.0.1"))
        context.skip("this kernel has no VXLAN");
      const found = await foundAfter(() => {
        run("bridge", "fdb", "add", "02:00:00:00:47:11", "dev", link, "dst", "127.0.0.9");
        return new RegExp(`^02:00:00:00:47:11 on ${link}$`);
      }, ["network"]);
      expect(found).toMatchObject([{ change: "appeared", after: { to: "127.0.0.9" } }]);
    });
  },
);

describe.skipIf(!isRoot || !canRun("ip"))("what is of no interface is found (needs root and ip):", () => {
  const number = String(1_000_000 + process.pid);
  const prefix = `fd00:${(process.pid % 0xffff).toString(16)}::/64`;

  it("a next hop", async (context) => {
    undo("ip", "nexthop", "delete", "id", number);
    let isMade = false;
    const found = await foundAfter(() => {
      isMade = canMake("nexthop", "add", "id", number, "blackhole");
      return `next hop ${number}`;
    }, ["network"]);
    if (!isMade) context.skip("this kernel has no next hops");
    expect(found).toMatchObject([{ change: "appeared", after: { drops: true } }]);
  });

  it("a label of addresses", async (context) => {
    undo("ip", "addrlabel", "del", "prefix", prefix, "label", "77");
    let isMade = false;
    const found = await foundAfter(() => {
      isMade = canMake("addrlabel", "add", "prefix", prefix, "label", "77");
      return prefix;
    }, ["network"]);
    if (!isMade) context.skip("this kernel has no labels");
    expect(found).toMatchObject([{ change: "appeared", after: { label: 77 } }]);
  });
});
