import { createHash } from "node:crypto";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import type { EndedRun } from "../reporter.ts";

/** Puts a run where the harness would have put it, and points `latest` at it. */
export function writeRun(root: string, { verdict, history }: EndedRun, name: string = verdict.run): string {
  const directory = join(root, name);
  mkdirSync(join(directory, "logs"), { recursive: true });
  const text = history.map((record) => `${JSON.stringify(record)}\n`).join("");
  const historySha256 = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(directory, "history.jsonl"), text);
  writeFileSync(
    join(directory, "verdict.json"),
    JSON.stringify({ ...verdict, ...(verdict.historySha256 === undefined ? {} : { historySha256 }) }),
  );
  rmSync(join(root, "latest"), { force: true });
  symlinkSync(basename(directory), join(root, "latest"));
  return directory;
}
