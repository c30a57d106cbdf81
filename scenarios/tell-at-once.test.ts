import { expect, it } from "vitest";

import { tellAtOnce } from "./tell-at-once.ts";

/** A descriptor that takes three bytes at a time, after it has failed so for each of the errors. */
function pipe(errors: readonly string[]) {
  const left = [...errors];
  let taken = "";
  const write = (bytes: Uint8Array): number => {
    const code = left.shift();
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    taken += Buffer.from(bytes.subarray(0, 3)).toString("latin1");
    return Math.min(3, bytes.length);
  };
  return { write, taken: () => taken };
}

it("writes all of it to a pipe that is full for a time, and takes a part at once", () => {
  const { write, taken } = pipe(["EAGAIN", "EAGAIN"]);
  tellAtOnce("It is over.\n", write);
  expect(taken()).toBe("It is over.\n");
});

it.each([["EPIPE"], ["EIO"], ["ENOSPC"]])("drops what cannot be written because of %s, and fails nobody", (code) => {
  const { write, taken } = pipe([code]);
  tellAtOnce("It is over.\n", write);
  expect(taken()).toBe("");
});
