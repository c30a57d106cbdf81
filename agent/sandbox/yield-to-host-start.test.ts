import { expect, test, vi } from "vitest";

import { yieldToHost } from "./yield-to-host.ts";

const written = vi.hoisted((): string[] => []);

vi.mock("node:fs", async (original) => ({
  ...(await original<object>()),
  readFileSync: () => "1\n",
  writeFileSync: (_path: string, niceness: string) => void written.push(niceness),
}));

test("a job that begins to yield comes before nobody on the way there: it could keep the agent from going on", () => {
  expect(yieldToHost(77)).toBe(true);
  expect(written.at(-1)).toBe("19");
  expect(Math.min(...written.map(Number))).toBe(-1);
});
