import { describe, expect, it } from "vitest";

import { recordedProcess } from "../testing/recording-fixture.ts";
import { namesOf, says, wordsOf } from "./act-attribution.ts";

const mounting = recordedProcess({ serial: 9, commandLine: "mount -o loop,uid=0 '/srv/image' /mnt/point" });

it("tells the words of a command line, and not parts of them", () => {
  for (const word of ["loop", "uid", "/srv/image", "/mnt/point"]) expect(says(mounting, word)).toBe(true);
  for (const part of ["/mnt", "loop,uid=0", "point"]) expect(says(mounting, part)).toBe(false);
});

it("hears nothing of a process whose command line is not known", () => {
  for (const process of [null, recordedProcess({ serial: 9, commandLine: null })]) {
    expect(says(process, "mount")).toBe(false);
  }
});

it("takes nothing for no word, even where a command line is not known, or ends in a separator", () => {
  for (const commandLine of [null, "", "sh -c 'true'"]) {
    expect(says(recordedProcess({ serial: 9, commandLine }), "")).toBe(false);
  }
  expect(says(null, "")).toBe(false);
});

it("takes a command line apart once, however often it is asked for", () => {
  expect(wordsOf(mounting)).toBe(wordsOf(mounting));
});

describe("the words that name a thing", () => {
  it("are not its place where that is anywhere", () => {
    expect(namesOf("net:[4026532000] route 0.0.0.0/0 dev eth0 via 0.0.0.0 metric 0", "0.0.0.0/0")).toEqual([]);
  });

  it("are not those that say at which interface it is: all that is done there says these", () => {
    expect(namesOf("proxy 198.51.100.9 dev eth0", "198.51.100.9 on eth0")).not.toContain("eth0");
    expect(namesOf("proxy 198.51.100.9 dev eth0", "198.51.100.9 on eth0")).not.toContain("dev");
    expect(namesOf("net:[4026532000] neighbour 198.51.100.9 dev eth0", "x")).not.toContain("dev");
    expect(namesOf("proxy 198.51.100.9 dev eth0", "198.51.100.9 on eth0")).toContain("198.51.100.9");
    expect(namesOf("queue eth0 root 1:", "eth0")).toContain("eth0");
  });

  it("are neither the kind of a thing, in however many words, nor a short number: any program may say these", () => {
    expect(namesOf("bpf prog 112", "bpf prog 112")).toEqual(["bpf prog 112"]);
    expect(namesOf("shm 98307", "x")).toContain("98307");
  });

  it.each([
    ["nft table inet left", ["left"]],
    ["nft chain ip6 left input", ["left", "input"]],
    ["nft rule inet left input handle 51234", ["left", "input"]],
    ["nft table ip filter", []],
    ["nft rule ip nat left handle 7", ["left"]],
    ["nft table inet filtering", ["filtering"]],
    ["nft chain inet left filter", ["left", "filter"]],
    ["iptables nat", []],
    ["arptables filter", []],
    ["route 0.0.0.0/0 dev eth0 via 198.51.100.1 metric 0", ["198.51.100.1"]],
    ["route 0.0.0.0/0 dev tun0 via 0.0.0.0 metric 0", []],
    ["route 10.9.0.0/16 dev tun0 via 0.0.0.0 metric 0", ["10.9.0.0/16", "10.9.0.0"]],
    ["route ::/0 dev eth0 via 2001:db8::1 metric 0", ["2001:db8::1"]],
    ["address 10.9.0.1/24 on br0", ["10.9.0.1/24", "10.9.0.1"]],
    // Nobody says such an address: the kernel makes it of the interface.
    ["address fe80::1/64 on left", ["fe80::1/64", "left", "fe80::1"]],
    ["route ipv4 10.9.0.0/24 100 eth0 198.51.100.1 0 1", ["10.9.0.0/24", "10.9.0.0"]],
    ["queue eth0 root 1:", ["eth0"]],
    ["queue eth0 class root 1:10 ", ["eth0"]],
    [
      "policy 40977 10.9.0.0/16 10.8.0.0/16 out allow 0",
      ["40977", "10.9.0.0/16", "10.8.0.0/16", "10.9.0.0", "10.8.0.0"],
    ],
    ["net:[4026532000] interface left", ["left"]],
    ["net:[4026532000] nft table inet left", ["left"]],
    ["net:[4026532000] address 198.51.100.9/24 on left", ["198.51.100.9/24", "198.51.100.9"]],
    ["mnt:[4026532000] /srv/left", ["/srv/left"]],
    ["net:[4026532000]", []],
  ])("are neither its family, nor its number, nor the namespace that it is in: %s", (key, names) => {
    expect([...new Set(namesOf(key, ""))]).toEqual(names);
  });
});
