import { execFileSync } from "node:child_process";

import { attempted } from "./attempted.mjs";

// Puts a line that does nothing, once a year, into the crontab of the user that it runs as.

export async function begin() {
  const quiet = { stdio: ["pipe", "pipe", "ignore"], encoding: "utf8" };
  const line = `0 0 1 1 * true # ${process.env.OUTSIDE_NAME}\n`;
  let before = "";
  try {
    before = execFileSync("crontab", ["-l"], quiet);
  } catch {
    // There is none.
  }
  try {
    execFileSync("crontab", ["-"], { ...quiet, input: `${before}${line}` });
    attempted({ crontab: "done" });
  } catch (error) {
    attempted({ crontab: String(error.status ?? error.code) });
  }
}
