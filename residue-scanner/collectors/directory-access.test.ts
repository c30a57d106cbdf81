import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, vi } from "vitest";

import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { inDirectory } from "./directory-access.ts";
import * as kernel from "./kernel-calls.ts";

vi.mock("./kernel-calls.ts", { spy: true });

const long = "x".repeat(10_000);

function filled(): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, "short"), Buffer.from([0x61, 0xff, 0x0a]));
  writeFileSync(join(directory, "long"), long);
  writeFileSync(Buffer.from(`${directory}/\xe9`, "latin1"), "bytes");
  mkdirSync(join(directory, "directory"));
  symlinkSync("/nowhere/at all", join(directory, "link"));
  return directory;
}

describe.each([
  ["from the directory on", false],
  ["by paths, where the kernel cannot be asked", true],
])("what is read in a directory %s", (_, isByPath) => {
  it("is whole, byte by byte, and of what cannot be read the error's code", () => {
    if (isByPath) vi.mocked(kernel.kernelCalls).mockReturnValueOnce(null);
    inDirectory(filled(), ({ record, link }) => {
      expect(record("short")).toEqual({ text: "a\xff\n" });
      expect(record("long")).toEqual({ text: long });
      expect([record("absent"), record("directory")]).toEqual([{ code: "ENOENT" }, { code: "EISDIR" }]);
      expect(link("link")).toEqual({ text: "/nowhere/at all" });
      expect([link("absent"), link("short")]).toEqual([{ code: "ENOENT" }, { code: "EINVAL" }]);
    });
  });

  it("is nothing of one that is not there", () => {
    if (isByPath) vi.mocked(kernel.kernelCalls).mockReturnValueOnce(null);
    inDirectory("/nowhere/at/all", ({ record, link }) => {
      expect([record("x"), link("x")]).toEqual([{ code: "ENOENT" }, { code: "ENOENT" }]);
    });
  });
});

describe.skipIf(kernel.kernelCalls() === null)("a name", () => {
  it("is taken byte by byte", () => {
    expect(inDirectory(filled(), ({ record }) => record("\xe9"))).toEqual({ text: "bytes" });
  });
});
