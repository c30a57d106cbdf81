import { spawn } from "node:child_process";

/**
 * Stands for an agent that heeds nobody: it ignores SIGTERM, and has a grandchild in a session of its own that does so
 * too. Prints `ready` when both are there. Bounded, so that a test that fails to end it leaves nothing running.
 */
const livesMs = 120_000;
for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(name, () => undefined);
setTimeout(() => process.exit(9), livesMs);
if (process.argv[2] !== "grandchild") {
  const grandchild = spawn(process.execPath, [import.meta.filename, "grandchild"], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  grandchild.stdout.once("data", () => process.stdout.write(`ready ${grandchild.pid}\n`));
} else process.stdout.write("ready\n");
