import { expect, test } from "vitest";

import type { BrokerOutcome } from "../../../agent/core/outcome.ts";
import type { UploadStep } from "../../../agent/core/upload-course.ts";
import type { UploadStatus } from "../../../protocol/uploads.ts";
import { assertPartsTold, UploadLaw } from "./upload-law.ts";

const good = { bytes: 250, digest: "d" };

test("a law takes the steps of an upload that is cut off once", () => {
  const law = begun();
  expect(law.answered(there(0), chunk(0, 100))).toEqual(chunk(0, 100));
  law.answered(there(100), chunk(100, 100));
  law.answered(failure("unreachable", true), { do: "ask" });
  law.answered(there(200), { do: "send", offset: 200, bytes: 50, isLast: true });
  law.answered(there(250, true), { do: "end", outcome: { ok: true, value: null } });
});

test.for<[string, UploadStep]>([
  ["another offset", chunk(50, 100)],
  ["a chunk that is not full", chunk(100, 99)],
  ["a chunk that is called the last", { do: "send", offset: 100, bytes: 100, isLast: true }],
  ["the end, as if all were there", { do: "end", outcome: { ok: true, value: null } }],
  ["the question how much is there", { do: "ask" }],
])("after an answer the law refuses %s", ([, step]) => {
  const law = begun();
  law.answered(there(0), chunk(0, 100));
  expect(() => law.answered(there(100), step)).toThrow(/sent|chunk/);
});

test.for([0, 1, 2, 3])("a law lets nobody give up after %i answers in vain", (times) => {
  expect(() => inVain(times).answered(there(0), gaveUp("malformed", true))).toThrow("what comes next is sent");
});

test("a law lets nobody go round for ever", () => {
  expect(() => inVain(4).answered(there(0), chunk(0, 100))).toThrow("an upload ends");
  expect(inVain(4).answered(there(0), gaveUp("malformed", true))).toEqual(gaveUp("malformed", true));
});

test("a law wants a file read again that the broker threw away, once", () => {
  const law = begun();
  law.answered(failure("digest-mismatch", false), { do: "read" });
  law.measured(good, { do: "ask" });
  expect(() => law.answered(failure("digest-mismatch", false), { do: "read" })).toThrow("an upload ends");
});

test("what rotted on the disk is not sent", () => {
  const law = new UploadLaw({ digest: "d", chunkBytesMax: 100 });
  expect(() => law.measured({ bytes: 250, digest: "rotten" }, { do: "ask" })).toThrow("an upload ends");
});

test("a checkpoint is there when all its files are, and lost for good when one is", () => {
  const lost = failure("too-large", false);
  const later = failure("unreachable", true);
  expect(() => assertPartsTold([later, { ok: true, value: null }], { ok: true, value: null })).toThrow("all of it");
  expect(() => assertPartsTold([later, lost], later)).toThrow("never get there");
  assertPartsTold([later, lost], lost);
});

function begun(): UploadLaw {
  const law = new UploadLaw({ digest: "d", chunkBytesMax: 100 });
  law.measured(good, { do: "ask" });
  return law;
}

/** A law that saw the first chunk sent so many times more. */
function inVain(times: number): UploadLaw {
  const law = begun();
  for (let time = 0; time <= times; time += 1) law.answered(there(0), chunk(0, 100));
  return law;
}

function there(offset: number, complete = false): BrokerOutcome<UploadStatus> {
  return { ok: true, value: { offset, complete } };
}

function failure(code: "unreachable" | "digest-mismatch" | "too-large", retriable: boolean): BrokerOutcome<never> {
  return { ok: false, code, retriable, message: code };
}

function chunk(offset: number, bytes: number): UploadStep {
  return { do: "send", offset, bytes, isLast: false };
}

function gaveUp(code: "malformed", retriable: boolean): UploadStep {
  return { do: "end", outcome: { ok: false, code, retriable, message: code } };
}
