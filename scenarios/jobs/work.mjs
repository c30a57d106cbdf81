// A real job: burns CPU, forks children that burn CPU too, writes files, reports progress, and can go on from a
// checkpoint of its working directory. Its result is a hash chain as long as its work, so that a unit that was lost,
// repeated or done by two holders at once gives another result. It says too from which unit this holder went on:
// "restart from zero" gives the right chain and is not recovery. It goes on in a directory that is as it left it, or
// fails.
//
//   node work.mjs --units 40 --unit-ms 25 --children 2 --file-bytes 4096 --behaviour ignores-sigterm
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    units: { type: "string", default: "20" },
    "unit-ms": { type: "string", default: "25" },
    children: { type: "string", default: "1" },
    "file-bytes": { type: "string", default: "4096" },
    behaviour: { type: "string" },
  },
});
const units = Number(values.units);
const unitCpuMs = Number(values["unit-ms"]);
const fileBytes = Number(values["file-bytes"]);
const seed = process.env.HOUSEGUEST_JOB ?? "no-job";
const stateFile = "state.json";
/** Beside the files of the units: a program and a link to it. */
const tool = "output/tool";
const link = "output/link";
/** How long it waits before it looks for room again. */
const roomMs = 20;

/** @type {{ done: number, chain: string }} */
const state = existsSync(stateFile)
  ? JSON.parse(readFileSync(stateFile, "utf8"))
  : { done: 0, chain: createHash("sha256").update(seed).digest("hex") };

// The children burn until this process is gone: a shell loop forks a short-lived process now and then and watches its
// parent, so that the tree changes while it is frozen, checkpointed and killed.
const child =
  'i=0; while kill -0 "$1" 2>/dev/null; do i=$((i+1)); j=0; while [ $j -lt 20000 ]; do j=$((j+1)); done; /bin/true; done';
const children = Array.from({ length: Number(values.children) }, () =>
  spawn("/bin/sh", ["-c", child, "child", String(process.pid)], { stdio: "ignore" }),
);

// What it does beside its work, and should not.
if (values.behaviour !== undefined) await (await import(`./behaviours/${values.behaviour}.mjs`)).begin();

const startedFrom = state.done;
if (startedFrom > 0) requireOwnFiles();
mkdirSync("output", { recursive: true });
write(tool, "#!/bin/sh\n");
chmodSync(tool, 0o750);
if (!isLink()) symlinkSync("tool", link);
while (state.done < units) {
  burn(unitCpuMs);
  state.done += 1;
  state.chain = createHash("sha256").update(state.chain).digest("hex");
  write(`output/unit-${state.done % 16}.bin`, Buffer.alloc(fileBytes, state.done % 256));
  replace(stateFile, JSON.stringify(state));
  replace(process.env.HOUSEGUEST_PROGRESS_FILE ?? "progress", String(state.done));
}
for (const one of children) one.kill("SIGKILL");
write(process.env.HOUSEGUEST_RESULT_FILE ?? "result", JSON.stringify({ chain: state.chain, startedFrom }));
// Whatever misbehaves may hold the loop open.
if (values.behaviour !== undefined) process.exit(0);

/** A checkpoint keeps what lies in the directory, of whatever kind it is, and who may do what with it. */
function requireOwnFiles() {
  const unit = readFileSync(`output/unit-${state.done % 16}.bin`);
  if (!unit.equals(Buffer.alloc(fileBytes, state.done % 256))) throw new Error("the file of the last unit is another");
  if ((lstatSync(tool).mode & 0o777) !== 0o750) throw new Error(`${tool} may be used as before by nobody`);
  if (!isLink() || readlinkSync(link) !== "tool") throw new Error(`${link} does not lead to where it did`);
}

function isLink() {
  return lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Uses that much CPU time, however long that takes. */
function burn(cpuMs) {
  const start = process.cpuUsage();
  let used = { user: 0, system: 0 };
  while ((used.user + used.system) / 1000 < cpuMs) {
    for (let round = 0; round < 2_000; round += 1) Math.sqrt(round);
    used = process.cpuUsage(start);
  }
}

/** A reader sees the old content or the new, never half of it. */
function replace(path, content) {
  write(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

/**
 * A disk that is full is the host's trouble, and passes: the job waits for room, as it would not for any other error.
 */
function write(path, content) {
  for (;;) {
    try {
      writeFileSync(path, content);
      return;
    } catch (error) {
      if (error.code !== "ENOSPC") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, roomMs);
    }
  }
}
