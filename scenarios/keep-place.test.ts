import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test, vi } from "vitest";

import { keepPlace } from "./keep-place.ts";

function newPlace(): string {
  const place = mkdtempSync(join(tmpdir(), "keep-place-"));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  return place;
}

test("homes are kept as they are, without what is nothing without its process", () => {
  const base = newPlace();
  mkdirSync(join(base, "place/donor/sandboxes"), { recursive: true });
  writeFileSync(join(base, "place/donor/ledger.jsonl"), "{}\n");
  execFileSync("mkfifo", [join(base, "place/donor/pipe")]);
  keepPlace(join(base, "place"), join(base, "kept"));
  expect(readdirSync(join(base, "kept/donor")).toSorted()).toEqual(["ledger.jsonl", "sandboxes"]);
  expect(readFileSync(join(base, "kept/donor/ledger.jsonl"), "utf8")).toBe("{}\n");
  expect(existsSync(join(base, "place/donor/ledger.jsonl"))).toBe(true);
});

test("a place that cannot be read is told of, and keeps nothing from going on", () => {
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  onTestFinished(() => said.mockRestore());
  const base = newPlace();
  writeFileSync(join(base, "place"), "no folder");
  keepPlace(join(base, "place"), join(base, "kept"));
  expect(said).toHaveBeenCalledWith(
    expect.stringContaining(`Not all of ${join(base, "place")} could be kept: ENOTDIR`),
  );
});

test("of a place that is gone, or empty, nothing is kept", () => {
  const base = newPlace();
  mkdirSync(join(base, "place"));
  for (const place of [join(base, "place"), join(base, "gone"), undefined]) keepPlace(place, join(base, "kept"));
  expect(existsSync(join(base, "kept"))).toBe(false);
});
