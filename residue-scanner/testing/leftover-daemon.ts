import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { onTestFinished } from "vitest";

/** What a daemon of a test does once it is on its own, in JavaScript; `ready()` says that it is done. */
const starter = `
const { spawn } = require("node:child_process");
const [script, ...rest] = process.argv.slice(1);
const child = spawn(process.execPath, ["-e", script, ...rest], { detached: true, stdio: ["ignore", "ignore", "ignore", "ipc"], env: JSON.parse(process.env.DAEMON_ENV) });
console.log(child.pid);
child.once("message", () => { console.log("ready"); process.exit(0); });
child.once("exit", () => process.exit(1));
`;

/**
 * Starts a daemon as an unruly job does: a child of a child in a session of its own, whose parent then ends. It is
 * killed when the test ends, and so is the parent if it is still there: it holds what the tests write to.
 *
 * @param script run in the daemon; it calls `ready()` when what it plants is there
 * @param env its whole environment
 * @returns its pid
 * @throws where it ends before it is ready; a script that cannot do what it should has to throw, or to exit
 */
export async function leftoverDaemon(script: string, env: Readonly<Record<string, string>> = {}): Promise<number> {
  const body = `const ready = () => { process.send("ready"); process.disconnect(); };\nsetInterval(() => {}, 1e6);\n${script}`;
  const parent = spawn(process.execPath, ["-e", starter, body], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, DAEMON_ENV: JSON.stringify(env) },
  });
  const ended = once(parent, "exit");
  onTestFinished(() => void parent.kill("SIGKILL"));
  let daemon: number | undefined;
  for await (const line of createInterface(parent.stdout)) {
    if (daemon !== undefined) {
      await ended;
      return daemon;
    }
    const pid = Number(line);
    daemon = pid;
    onTestFinished(() => {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    });
  }
  throw new Error("The daemon ended before it was ready.");
}
