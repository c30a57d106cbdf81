import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as pauseFor } from "node:timers/promises";

// Twice: fork, a session of its own, the parent ends; and an environment in which nothing says whose it is. What is left
// is nobody's child, and ends by itself after two minutes. The work begins when somebody outside has seen it, who says so
// by a file, or after a while.

const daemon = "(setsid sh -c '(setsid sleep 120 </dev/null >/dev/null 2>&1 & echo there)' &)";

export async function begin() {
  const child = spawn("/bin/sh", ["-c", daemon], {
    ...{ detached: true, stdio: ["ignore", "pipe", "ignore"] },
    env: { PATH: process.env.PATH },
  });
  // Its last word is that the daemon runs.
  await once(child.stdout, "data");
  child.stdout.destroy();
  child.unref();
  for (let looks = 0; looks < 1_000 && !existsSync("seen"); looks += 1) await pauseFor(20);
}
