import { spawn } from "node:child_process";

// It and a child of its ignore every signal by which one is asked to end. The child keeps SIG_IGN over its exec, where
// it can be seen from outside (SigIgn in /proc/PID/status).

const polite = ["SIGTERM", "SIGHUP", "SIGINT"];

export async function begin() {
  for (const signal of polite) process.on(signal, () => undefined);
  spawn("/bin/sh", ["-c", "trap '' TERM HUP INT; exec sleep 120"], { stdio: "ignore" }).unref();
}
