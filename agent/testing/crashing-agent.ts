import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

import { FileHostLedger } from "../io/host-ledger.ts";
import { JournalPoints } from "./journal-points.ts";

/**
 * A test double: the real agent, killed by the kernel right after a certain thing was done for good: an entry that
 * reached the ledger's disk, a name that was changed or taken away. The test names it in HOUSEGUEST_CRASH_AFTER (a
 * regular expression over what `crashAfter` is told), or a point of the journal (see `journal-points.ts`); the real
 * agent knows nothing of that.
 */
const pattern = new RegExp(process.env["HOUSEGUEST_CRASH_AFTER"] ?? "^$");

function crashAfter(done: unknown): void {
  if (pattern.test(JSON.stringify(done))) process.kill(process.pid, "SIGKILL");
}

const points = new JournalPoints();
for (const call of ["acquire", "release", "remember"] as const) {
  const real = Reflect.get(FileHostLedger.prototype, call) as (this: FileHostLedger, given: unknown) => void;
  Reflect.set(FileHostLedger.prototype, call, function (this: FileHostLedger, given: unknown) {
    points.pass(call, given, () => real.call(this, given));
    crashAfter({ [call]: given });
  });
}

const { renameSync, rmSync } = fs;
fs.renameSync = (from, to) => {
  renameSync(from, to);
  crashAfter({ rename: String(from), to: String(to) });
};
fs.rmSync = (path, options) => {
  rmSync(path, options);
  crashAfter({ remove: String(path) });
};
syncBuiltinESMExports();

export const { main } = await import("../cli.ts");
