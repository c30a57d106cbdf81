import { describe, expect, it } from "vitest";

import { withLiveLine } from "./live-line.ts";

function terminal(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  return { written, isTTY, columns, write: (text: string | Uint8Array) => written.push(String(text)) > 0 };
}

describe("the live line", () => {
  it("is on a terminal while the work goes on, and gone when it fails too", async () => {
    const to = terminal(true);
    await expect(withLiveLine("reading", async () => Promise.reject(new Error("no")), to)).rejects.toThrow("no");
    expect(to.written[0]).toBe("\r\x1b[2Kreading … 0.0 s");
    expect(to.written.at(-1)).toBe("\r\x1b[2K");
  });

  it("fits into a narrow terminal, and writes nothing elsewhere", async () => {
    const [narrow, pipe] = [terminal(true, 5), terminal(false)];
    for (const to of [narrow, pipe]) await withLiveLine("reading", async () => Promise.resolve(1), to);
    expect(narrow.written[0]).toBe("\r\x1b[2Kread");
    expect(pipe.written).toEqual([]);
  });
});
