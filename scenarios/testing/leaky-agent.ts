import { spawn, spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";

import { present } from "../../foundation/assert.ts";
import { main } from "../../agent/cli.ts";

/**
 * A test double: the real agent, which on top of its work leaves something behind when it joins. The tests name the
 * faults with their places in HOUSEGUEST_PLANTS, a JSON object; the real agent knows nothing of it.
 */
const plants: Record<string, (at: string) => void> = {
  file: (at) => writeFileSync(at, "left behind\n"),
  mode: (at) => chmodSync(at, 0o666),
  crontab: (at) => {
    const before = spawnSync("crontab", ["-l"], { encoding: "utf8" }).stdout;
    spawnSync("crontab", ["-"], { input: `${before}0 0 1 1 * ${at}\n` });
  },
  // Forked twice, in a session of its own and with an empty environment: nothing but the cgroup still tells whose it
  // is.
  daemon: (at) =>
    daemonise([
      "-e",
      `require("fs").writeFileSync(${JSON.stringify(at)}, String(process.pid)); setInterval(() => {}, 1e6)`,
    ]),
  // The same with its environment kept, listening on a free port of the loopback interface.
  socket: (at) =>
    daemonise(
      [
        "-e",
        `const s = require("net").createServer().listen(0, "127.0.0.1", () => require("fs").writeFileSync(${JSON.stringify(at)}, process.pid + " " + s.address().port))`,
      ],
      process.env,
    ),
};

function daemonise(args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const inner = `require("child_process").spawn(process.execPath, ${JSON.stringify(args)}, { detached: true, stdio: "ignore" }).unref()`;
  spawn(process.execPath, ["-e", inner], { detached: true, stdio: "ignore", env }).unref();
}

if (process.argv[2] === "join") {
  const wanted = JSON.parse(process.env["HOUSEGUEST_PLANTS"] ?? "{}") as Record<string, string>;
  for (const [plant, at] of Object.entries(wanted)) present(plants[plant], "the planted fault is one of the table")(at);
}
process.exitCode = await main(process.argv.slice(2));
