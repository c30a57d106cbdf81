import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

/**
 * A test double: a process that saves a checkpoint on a disk that fails. Its arguments are the workspace, the store,
 * the fault, and the number of the call that has it. It prints what came of it, and how many calls there were.
 */
const [workspace = "", directory = "", fault = "none", at = "0"] = process.argv.slice(2);
let calls = 0;

const anyHandle = await fs.open("/dev/null");
const handles = Object.getPrototypeOf(anyHandle) as Record<string, Call>;
await anyHandle.close();

type Call = (this: unknown, ...given: unknown[]) => Promise<unknown>;

function faulty(real: Call): Call {
  return async function (this: unknown, ...given) {
    calls += 1;
    const isHere = calls === Number(at);
    if (isHere && fault === "SIGKILL") process.kill(process.pid, "SIGKILL");
    if (isHere && fault === "EIO") throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
    return await real.apply(this, given);
  };
}

for (const name of ["writeFile", "sync"]) handles[name] = faulty(handles[name] as Call);
const files = fs as unknown as Record<string, Call>;
for (const name of ["rename", "rm"]) files[name] = faulty(files[name] as Call);
if (fault === "truncates" || fault === "changes") {
  const sync = handles["sync"] as Call;
  handles["sync"] = async function (this: unknown) {
    await sync.call(this);
    const handle = this as fs.FileHandle;
    const stat = await handle.stat();
    if (!stat.isFile()) return;
    if (fault === "truncates") await handle.truncate(Math.floor(stat.size / 5));
    else await handle.write("?", Math.floor(stat.size / 2));
  };
}
syncBuiltinESMExports();

const { saveCheckpoint } = await import("../checkpoint.ts");
const outcome = await saveCheckpoint({ jobId: "job-1", epoch: 3, progress: 8, nowMs: 1, workspace, directory }).then(
  () => "saved",
  (error: { code?: string }) => error.code,
);
process.stdout.write(`${JSON.stringify({ outcome, calls })}\n`);
