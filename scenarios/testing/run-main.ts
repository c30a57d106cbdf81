import { vi } from "vitest";

import { main } from "../cli.ts";
import type { ProgramResult } from "./run-program.ts";

/** Runs `scenarios` in this process, which a start of another one for each of many commands would be too dear for. */
export async function runMain(args: readonly string[]): Promise<ProgramResult> {
  const said = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text, ...rest) => {
      said[name] += String(text);
      const callback = rest.find((one) => typeof one === "function");
      if (callback !== undefined) queueMicrotask(() => callback());
      return true;
    }),
  );
  try {
    const exitCode = await main([...args]);
    return { exitCode, ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
