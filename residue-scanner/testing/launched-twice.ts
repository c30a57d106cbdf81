import { spawn } from "node:child_process";

import { main } from "../cli.ts";

/** The program `residue` as bin/launch.mjs starts it on a machine whose own Node is too old: a process above does only that. */
if (process.channel === undefined) {
  const child = spawn(process.execPath, process.argv.slice(1), { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  child.once("exit", (code) => (process.exitCode = code ?? 1));
} else {
  process.channel.unref();
  process.exitCode = await main(process.argv.slice(2));
}
