import { expect, it } from "vitest";

import { recordedProcess } from "../testing/recording-fixture.ts";
import { says, wordsOf } from "./act-attribution.ts";

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

it("takes a command line apart once, however often it is asked for", () => {
  expect(wordsOf(mounting)).toBe(wordsOf(mounting));
});
