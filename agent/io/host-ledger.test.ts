import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";

import { type HostResource, resourceKey } from "../host-resource.ts";
import { temporaryDirectory } from "../testing/temporary-home.ts";
import { AgentError } from "./agent-error.ts";
import { FileHostLedger } from "./host-ledger.ts";

const directory = (path: string): HostResource => ({ kind: "directory", path });

test("what was acquired and not released is there after a crash, and so are the notes", () => {
  const path = join(temporaryDirectory(), "ledger.jsonl");
  const before = new FileHostLedger(path);
  before.acquire(directory("/a"));
  before.acquire(directory("/b"));
  before.release("directory:/a");
  before.remember({ key: "pause", value: { by: "owner", reason: "noise" } });
  before.remember({ key: "membership", value: { enrolmentSent: true } });
  before.remember({ key: "membership", value: null });
  // No close: the process was killed.
  const after = new FileHostLedger(path);
  expect(after.live()).toEqual([directory("/b")]);
  expect(after.notes()).toEqual([{ key: "pause", value: { by: "owner", reason: "noise" } }]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a last line that was torn never existed, and does not spoil the next one", () => {
  const path = join(temporaryDirectory(), "ledger.jsonl");
  const before = new FileHostLedger(path);
  before.acquire(directory("/a"));
  const end = readFileSync(path).indexOf(0);
  before.acquire(directory("/b"));
  const written = readFileSync(path);
  const lineEnd = written.indexOf(0);
  expect(lineEnd).toBeGreaterThan(end + 20);
  const torn: Buffer[] = [];
  for (let length = end; length < lineEnd; length += 1) {
    const rest = Buffer.alloc(written.length - length);
    // The file ends there; or only the first part of the line came over the zeros, or only the last.
    torn.push(written.subarray(0, length), Buffer.concat([written.subarray(0, length), rest]));
    if (length > end)
      torn.push(Buffer.concat([written.subarray(0, end), rest.subarray(0, length - end), written.subarray(length)]));
  }
  for (const bytes of torn) {
    writeFileSync(path, bytes);
    const after = new FileHostLedger(path);
    expect(after.live()).toEqual([directory("/a")]);
    after.acquire(directory("/c"));
    expect(new FileHostLedger(path).live()).toEqual([directory("/a"), directory("/c")]);
  }
});

test("a damaged line in the middle is named, and nothing is guessed", () => {
  const path = join(temporaryDirectory(), "ledger.jsonl");
  new FileHostLedger(path).acquire(directory("/a"));
  appendFileSync(path, '{"op":"acq\n{"op":"release","key":"directory:/a"}\n');
  expect(() => new FileHostLedger(path)).toThrow(AgentError);
  expect(() => new FileHostLedger(path)).toThrow(/damaged/);
});

test("an observer is told of each change when it is on the disk, and not of what was there before", () => {
  const path = join(temporaryDirectory(), "ledger.jsonl");
  new FileHostLedger(path).acquire(directory("/before"));
  const ledger = new FileHostLedger(path);
  const told: string[] = [];
  ledger.observe((change, key) => {
    const onDisk = new FileHostLedger(path).holds(key);
    told.push(`${change} ${key}, and the disk ${onDisk ? "has" : "does not have"} it`);
  });
  ledger.acquire(directory("/a"));
  ledger.release("directory:/before");
  ledger.remember({ key: "pause", value: { by: "owner", reason: "noise" } });
  expect(told).toEqual([
    "acquired directory:/a, and the disk has it",
    "released directory:/before, and the disk does not have it",
  ]);
});

test("releasing what is not held is an error of ours", () => {
  const ledger = new FileHostLedger(join(temporaryDirectory(), "ledger.jsonl"));
  expect(() => ledger.release("directory:/a")).toThrow(/Broken invariant/);
});

test("acquired minus released is live, in memory and on the disk, however long it goes on (I11)", () => {
  const name = fc.constantFrom("/a", "/b", "/c", "/d");
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), name), { minLength: 600, maxLength: 1_500 }), (steps) => {
      const path = join(temporaryDirectory(), "ledger.jsonl");
      const ledger = new FileHostLedger(path);
      const held = new Set<string>();
      for (const [acquire, at] of steps) {
        const key = resourceKey(directory(at));
        if (acquire) ledger.acquire(directory(at));
        else if (held.has(key)) ledger.release(key);
        if (acquire) held.add(key);
        else held.delete(key);
      }
      const keys = (each: FileHostLedger) => each.live().map(resourceKey).sort();
      expect(keys(ledger)).toEqual([...held].sort());
      expect(keys(new FileHostLedger(path))).toEqual([...held].sort());
      // The journal is written anew now and then, so that it does not grow with the agent's age.
      expect(readFileSync(path, "utf8").split("\n").length).toBeLessThan(600);
    }),
    { numRuns: 5 },
  );
});

test.each([
  { op: "acquire", resource: { kind: "mount", path: "/mnt" } },
  { op: "note", key: "autostart:openrc", value: { name: "openrc", resources: [] } },
  { op: "note", key: "quota", value: {} },
  { op: "lend", key: "x" },
])("a ledger of a newer release is told from a damaged one: %o", (entry) => {
  const path = join(temporaryDirectory(), "ledger.jsonl");
  writeFileSync(path, `${JSON.stringify(entry)}\n`);
  expect(() => new FileHostLedger(path)).toThrow(expect.objectContaining({ code: "ledger-newer" }));
});
