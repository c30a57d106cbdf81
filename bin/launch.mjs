// Starts one of the five programs on the Node that package-lock.json pins.
//
// The sources are TypeScript that Node 24 runs as it is; the machine's own Node may be older. When it is, this
// launcher starts the pinned one (npm put it into node_modules), hands it every signal it gets, and ends as it ended.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
// By its default export: an older Node, on which this has to start, has no such name.
import nodeModule, { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { bundledModule } from "./bundled.mjs";

const NODE_MAJOR_MIN = 24;
const EXIT_USAGE = 64;
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Runs `main(argv)` of the entry file, on this Node if it is new enough and on the pinned one if not.
 *
 * @param {string} entry path of the program's module, relative to the package root
 * @param {{ cached?: boolean, flags?: readonly string[] }} options `cached`: whether what Node makes of the sources is
 *   kept in the package's own folder, where that can be written, so that the next start has it ready: stripping the types
 *   of a hundred files takes 0.2 s; `flags`: what Node is to run with that it takes only at its start
 */
export async function launch(entry, { cached = false, flags = [] } = {}) {
  if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) {
    startAgainWith(flags);
    endWithLauncher();
    if (cached) nodeModule.enableCompileCache(join(root, "node_modules", ".cache", "compiled"));
    const program = await import(bundledModule(root, entry) ?? pathToFileURL(join(root, entry)).href);
    process.exitCode = await program.main(process.argv.slice(2));
    return;
  }
  const node = pinnedNode();
  if (node === undefined) {
    process.stderr.write(
      `This program needs Node ${NODE_MAJOR_MIN} or newer and runs on ${process.version}. ` +
        "Run `npm ci` in the package's folder (without --omit=optional), which brings a pinned one, or install Node 24.\n",
    );
    process.exitCode = EXIT_USAGE;
    return;
  }
  const child = spawn(node, [...flags, process.argv[1], ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
  // A terminal sends Ctrl-C to the whole foreground group, so the child hears it by itself; a signal sent to this
  // process alone (kill PID, a supervisor) must be passed on. The programs count a repeated signal within a moment once.
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`Could not start ${node}: ${error.message}\n`);
    process.exitCode = EXIT_USAGE;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

/** The same process with these flags, unless it has them; where Node cannot do that, it goes on without. */
function startAgainWith(flags) {
  const missing = flags.filter((flag) => !process.execArgv.includes(flag));
  // Whoever started it with a channel waits at the other end, and would find it closed.
  if (missing.length === 0 || process.channel !== undefined || process.execve === undefined) return;
  process.execve(process.execPath, [process.execPath, ...missing, ...process.execArgv, ...process.argv.slice(1)]);
}

/**
 * A launcher that is killed with SIGKILL cannot pass that on; the channel between the two closes all the same, and the
 * program then ends as if it had been asked to (undoing what it did), instead of running on unseen.
 */
function endWithLauncher() {
  if (process.channel === undefined) return;
  process.channel.unref();
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
}

function pinnedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-linux-${process.arch}/package.json`);
    const path = join(dirname(manifest), "bin", "node");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
