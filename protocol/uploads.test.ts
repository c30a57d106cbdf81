import fc from "fast-check";
import { expect, test } from "vitest";

import { chunkFields, readChunkPlace, readUploadStatus, uploadStatusFields } from "./uploads.ts";

const bytes = fc.integer({ min: 0, max: 10 ** 15 - 1 });

test("what one side writes the other reads", () => {
  fc.assert(
    fc.property(bytes, bytes, fc.boolean(), (offset, length, complete) => {
      const place = { offset, length, complete };
      const fields = chunkFields(place);
      expect(readChunkPlace((name) => fields[name])).toEqual(place);
      const status = uploadStatusFields({ offset, complete });
      expect(readUploadStatus((name) => status[name])).toEqual({ offset, complete });
      expect(readChunkPlace((name) => status[name])).toBeUndefined();
    }),
  );
});

test.each(["", "-1", "1.5", "1e3", "0x10", " 7", "1234567890123456", "?1"])("%j is no offset", (offset) => {
  const fields: Record<string, string> = { "upload-offset": offset, "upload-complete": "?0" };
  expect(readUploadStatus((name) => fields[name])).toBeUndefined();
});

test.each(["", "1", "true", "?2"])("%j is no boolean", (complete) => {
  const fields: Record<string, string> = { "upload-offset": "1", "upload-complete": complete };
  expect(readUploadStatus((name) => fields[name])).toBeUndefined();
});
