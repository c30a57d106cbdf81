import { renameSync, writeFileSync } from "node:fs";

// The job's own word of what it tried, in its workspace: `attempted.json`. Whether it came to anything is seen from
// outside. It says under which lease, because it goes to the next holder with a checkpoint.

/** @param {Record<string, string>} outcomes what was tried, and `done` or the code of the error */
export function attempted(outcomes) {
  writeFileSync("attempted.json.new", JSON.stringify({ leaseId: process.env.HOUSEGUEST_LEASE, outcomes }));
  renameSync("attempted.json.new", "attempted.json");
}
