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
});
