import { writeFileSync } from "node:fs";

import { spawnEnvironment } from "../../protocol/job-environment.ts";

/**
 * Leaves this process's exit code where the broker that started it asked for it: one that was started anew meanwhile is
 * not the parent any more, and no kernel tells it. Nothing that is started from here is to leave its own there.
 */
export function leaveExitCode(environment: NodeJS.ProcessEnv): void {
  const path = environment[spawnEnvironment.exitFile] ?? "";
  delete environment[spawnEnvironment.exitFile];
  if (path === "") return;
  process.once("exit", (code) => {
    try {
      writeFileSync(path, `${code}\n`, { mode: 0o600 });
    } catch {
      // Then it is as with one that was killed: nobody saw how it ended.
    }
  });
}
