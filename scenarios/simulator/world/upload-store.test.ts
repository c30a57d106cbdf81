import fc from "fast-check";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { directoryBlobStore } from "../../../broker-sim/io/blobs/directory-blob-store.ts";
import { replayTape } from "../kernel/choices.ts";
import { UploadStore } from "./upload-store.ts";

const whole = Buffer.from("0123456789");
const digest = createHash("sha256").update(whole).digest("hex");
const key = { agentId: "a".repeat(64), leaseId: "lease-1", digest };
const segment = (from: number, to: number, of = digest) => ({ of, from, to });

describe("the modelled store of uploads", () => {
  const chunk = fc.record({ from: fc.nat(whole.length), bytes: fc.nat(whole.length), isRotten: fc.boolean() });

  test("keeps what the real one keeps, and measures it alike", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 8 }), async (chunks) => {
        const directory = mkdtempSync(join(tmpdir(), "uploads-"));
        try {
          const real = await directoryBlobStore(directory);
          const model = new UploadStore();
          for (const { from, bytes, isRotten } of chunks) {
            const to = Math.min(whole.length, from + bytes);
            const content = Buffer.from(whole.subarray(from, to)).map((byte) => (isRotten ? byte ^ 1 : byte));
            const isTaken = await real.append(key, { offset: from, content: Buffer.from(content) }).then(
              () => true,
              () => false,
            );
            expect(model.append(key, segment(from, to, isRotten && from < to ? "f".repeat(64) : digest))).toBe(isTaken);
          }
          const measured = await real.measure(key).catch(() => "nothing");
          if (model.bytes(key) < whole.length) expect(measured).not.toBe(digest);
          else expect(measured === digest).toBe(model.measure(key) === digest);
        } finally {
          rmSync(directory, { recursive: true, force: true });
        }
      }),
      { numRuns: 150 },
    );
  });

  test("loses the last chunk, all of it, or what it was, when its machine stops; nothing in the benign case", () => {
    const stopped = (fate: number): UploadStore => {
      const store = new UploadStore();
      store.append(key, segment(0, 4));
      store.append(key, segment(4, 9));
      const stream = replayTape([]).stream("uploads");
      stream.upTo = () => fate;
      store.losePower(stream);
      return store;
    };
    const [kept, cut, gone, torn] = [0, 1, 2, 3].map(stopped) as [UploadStore, UploadStore, UploadStore, UploadStore];
    expect([kept, cut, gone, torn].map((store) => [store.bytes(key), store.size])).toEqual([
      [9, 1],
      [4, 1],
      [0, 0],
      [9, 1],
    ]);
    expect([kept, torn].map((store) => store.measure(key) === digest)).toEqual([true, false]);
  });

  test("takes back nothing and knows nothing of what was removed", () => {
    const store = new UploadStore();
    store.append(key, segment(0, 4));
    expect(store.load()).toEqual([{ ...key, bytes: 4 }]);
    store.remove(key);
    store.remove(key);
    expect([store.bytes(key), store.size]).toEqual([0, 0]);
    expect(store.append(key, segment(4, 9))).toBe(false);
  });
});
