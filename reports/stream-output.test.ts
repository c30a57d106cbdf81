import { Writable } from "node:stream";

import { expect, test } from "vitest";

import { type OutputStream, streamOutput } from "./stream-output.ts";

test("a reader that goes away ends the writing quietly", async () => {
  const { stream, written } = failing("EPIPE");
  const output = streamOutput(stream, { environment: {} });
  output.write("one");
  await output.flushed();
  output.write("two");
  await output.flushed();
  expect(written).toEqual(["one"]);
});

test("a full disk is told, and throws nothing before somebody asks", async () => {
  const { stream } = failing("ENOSPC");
  const output = streamOutput(stream, { environment: {} });
  output.write("one");
  output.write("two");
  await expect(output.flushed()).rejects.toThrow("The output could not be written: ENOSPC.");
});

test("a stream is watched once, however many write to it", () => {
  const { stream } = failing("EPIPE");
  for (let count = 0; count < 20; count += 1) streamOutput(stream, { environment: {} });
  expect(stream.listenerCount("error")).toBe(1);
});

test("the width is the terminal's, else COLUMNS, else 100; it is read again every time", () => {
  const { stream } = failing("EPIPE");
  expect(streamOutput(stream, { environment: {} }).columns).toBe(100);
  expect(streamOutput(stream, { environment: { COLUMNS: "72" } }).columns).toBe(72);
  expect(streamOutput(stream, { environment: { COLUMNS: "wide" } }).columns).toBe(100);
  const terminal = Object.assign(stream, { isTTY: true, columns: 132 });
  const output = streamOutput(terminal, { environment: { TERM: "xterm" } });
  expect(output).toMatchObject({ columns: 132, live: true, color: true });
  terminal.columns = 64;
  expect(output.columns).toBe(64);
  expect(streamOutput(terminal, { environment: { TERM: "dumb" } })).toMatchObject({ live: false, color: false });
});

function failing(code: string): { stream: OutputStream; written: string[] } {
  const written: string[] = [];
  const stream = new Writable({
    // As stdout: it stays open, whatever happened.
    autoDestroy: false,
    write(chunk: Buffer, _encoding, done) {
      if (chunk.length > 0) written.push(chunk.toString());
      done(Object.assign(new Error(`write ${code}`), { code }));
    },
  });
  return { stream, written };
}
