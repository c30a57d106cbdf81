import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { UploadStatus } from "../../protocol/uploads.ts";
import type { BrokerFailure, BrokerOutcome } from "./outcome.ts";
import { outcomeOfParts, UploadCourse, uploadRows, type UploadStep } from "./upload-course.ts";

const digest = "d".repeat(64);
const other = "e".repeat(64);
const silence: BrokerFailure = { ok: false, code: "unreachable", retriable: true, message: "no answer" };
const has = (offset: number, complete = false): BrokerOutcome<UploadStatus> => ({
  ok: true,
  value: { offset, complete },
});
const refusal = (code: BrokerFailure["code"], expectedOffset?: number): BrokerFailure => ({
  ...{ ok: false, code, retriable: code === "offset-mismatch" || code === "full", message: code },
  ...(expectedOffset === undefined ? {} : { expectedOffset }),
});
const send = (offset: number, bytes: number, isLast = false): UploadStep => ({ do: "send", offset, bytes, isLast });
const done: UploadStep = { do: "end", outcome: { ok: true, value: null } };

function begun(bytes: number): { course: UploadCourse; first: UploadStep } {
  const course = new UploadCourse({ digest, chunkBytesMax: 10 });
  expect(course.begin()).toEqual({ do: "read" });
  return { course, first: course.measured({ bytes, digest }) };
}

describe("an upload", () => {
  test("that fits into one chunk is sent without a question", () => {
    const { course, first } = begun(10);
    expect(first).toEqual(send(0, 10, true));
    expect(course.answered(has(10, true))).toEqual(done);
    expect(begun(0).first).toEqual(send(0, 0, true));
  });

  test("of more asks first, and goes on chunk by chunk from what is confirmed", () => {
    const { course, first } = begun(25);
    expect(first).toEqual({ do: "ask" });
    expect(course.answered(has(7))).toEqual(send(7, 10));
    expect(course.answered(has(17))).toEqual(send(17, 8, true));
    expect(course.answered(has(25, true))).toEqual(done);
  });

  test("of which the broker has every byte and not the word is ended by an empty chunk", () => {
    const { course } = begun(25);
    expect(course.answered(has(25))).toEqual(send(25, 0, true));
  });

  test("that was cut off after it got further asks and goes on; cut off again at once it waits for later", () => {
    const { course } = begun(25);
    course.answered(has(0));
    course.answered(has(10));
    expect(course.answered(silence)).toEqual({ do: "ask" });
    expect(course.answered(has(10))).toEqual(send(10, 10));
    expect(course.answered(silence)).toEqual({ do: "end", outcome: silence });
  });

  test("goes where the broker says that it is, further or back", () => {
    const { course } = begun(25);
    course.answered(has(10));
    expect(course.answered(refusal("offset-mismatch", 20))).toEqual(send(20, 5, true));
    expect(course.answered(refusal("offset-mismatch", 0))).toEqual(send(0, 10));
  });

  test("that comes no further is left for later, whatever the broker says", () => {
    const { course } = begun(25);
    course.answered(has(10));
    let step: UploadStep = send(0, 0);
    let answers = 0;
    for (; step.do === "send" && answers < 100; answers += 1) step = course.answered(refusal("offset-mismatch", 5));
    expect(step).toMatchObject({ do: "end", outcome: { ok: false, retriable: true } });
    expect(answers).toBeLessThan(10);
    expect(begun(25).course.answered(has(26))).toMatchObject({ do: "end", outcome: { code: "malformed" } });
  });

  test("that rotted on the disk is never sent", () => {
    const course = new UploadCourse({ digest, chunkBytesMax: 10 });
    const step = course.measured({ bytes: 5, digest: other });
    expect(step).toMatchObject({ do: "end", outcome: { code: "damaged-checkpoint", retriable: false } });
  });

  test("that the broker threw away is read again, and sent again once", () => {
    const { course } = begun(5);
    expect(course.answered(refusal("digest-mismatch"))).toEqual({ do: "read" });
    expect(course.measured({ bytes: 5, digest })).toEqual(send(0, 5, true));
    expect(course.answered(refusal("digest-mismatch"))).toMatchObject({
      do: "end",
      outcome: { code: "digest-mismatch" },
    });
    const rotten = begun(5).course;
    rotten.answered(refusal("digest-mismatch"));
    expect(rotten.measured({ bytes: 5, digest: other })).toMatchObject({ outcome: { code: "damaged-checkpoint" } });
  });

  test.each(["too-large", "unknown-lease", "fenced"] as const)("that is refused (%s) ends with that", (code) => {
    const { course } = begun(5);
    expect(course.answered(refusal(code))).toEqual({ do: "end", outcome: refusal(code) });
  });
});

test("whatever the line and the broker do, it ends, and sends less than twice the size for as long as bytes stay", () => {
  // Each chunk arrives or not, and its answer does or not.
  const fate = fc.constantFrom("heard", "unheard", "lost");
  fc.assert(
    fc.property(fc.nat(200), fc.infiniteStream(fate), (bytes, fates) => {
      let [kept, sent, attempts] = [0, 0, 0];
      for (let isDone = false; !isDone; attempts += 1) {
        expect(attempts).toBeLessThan(2_000);
        const course = new UploadCourse({ digest, chunkBytesMax: 10 });
        for (let step = course.measured({ bytes, digest }); ; ) {
          if (step.do === "end") {
            isDone = step.outcome.ok;
            break;
          }
          const { value } = fates.next() as { value: "heard" | "unheard" | "lost" };
          const isWrong = step.do === "send" && step.offset !== kept;
          if (step.do === "send" && value !== "lost") {
            sent += step.bytes;
            if (!isWrong) kept += step.bytes;
            expect(step.isLast).toBe(step.offset + step.bytes === bytes);
          }
          if (value !== "heard") step = course.answered(silence);
          else if (isWrong && kept < bytes) step = course.answered(refusal("offset-mismatch", kept));
          else step = course.answered(has(kept, kept === bytes && step.do === "send"));
        }
      }
      expect(kept).toBe(bytes);
      if (bytes > 10) expect(sent).toBeLessThan(2 * bytes);
    }),
    { numRuns: 500 },
  );
});

test("of a checkpoint's parts what fails for good comes before what may be tried again", () => {
  const ok = { ok: true, value: null } as const;
  expect(outcomeOfParts([ok, ok])).toEqual(ok);
  expect(outcomeOfParts([silence, refusal("too-large")])).toEqual(refusal("too-large"));
  expect(outcomeOfParts([ok, silence])).toEqual(silence);
});

test("a manifest follows an archive of several chunks, and goes beside one that is sent at once", () => {
  const reference = { manifestDigest: "b".repeat(64), archiveDigest: digest, progress: 1, number: 1 };
  const rows = (archiveBytes: number) => uploadRows({ ...reference, archiveBytes }, 10);
  expect(rows(10)).toEqual([[reference.manifestDigest, digest]]);
  expect(rows(11)).toEqual([[digest], [reference.manifestDigest]]);
});
