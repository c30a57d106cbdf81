import fc from "fast-check";
import { expect, test } from "vitest";

import { type Extent, sparseMap, SparseMapReader } from "./sparse-map.ts";

const extentsArbitrary = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e6 })), { maxLength: 60 })
  .map((runs) => {
    const extents: Extent[] = [];
    let end = 0;
    for (const [hole, bytes] of runs) {
      extents.push({ offset: end + hole, bytes });
      end += hole + bytes;
    }
    return extents;
  });

test("a map comes back as it was, however it is cut into pieces, and leaves alone what follows it", () => {
  fc.assert(
    fc.property(extentsArbitrary, fc.nat({ max: 5_000 }), fc.array(fc.nat({ max: 700 })), (extents, hole, cuts) => {
      const last = extents.at(-1);
      const size = (last === undefined ? 0 : last.offset + last.bytes) + hole;
      const map = sparseMap(extents, size);
      expect(map.length % 512).toBe(0);
      const reader = new SparseMapReader(size);
      const whole = Buffer.concat([map, Buffer.from("data")]);
      const rest: Uint8Array[] = [];
      let from = 0;
      for (const cut of [...cuts, whole.length]) {
        rest.push(reader.take(whole.subarray(from, from + cut)));
        from += cut;
      }
      expect(reader.extents).toEqual(extents);
      expect(Buffer.concat(rest).toString()).toBe("data");
    }),
  );
});
