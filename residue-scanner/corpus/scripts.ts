import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** How one script may take, in ms: none waits for anything but the kernel. */
const scriptMsMax = 60_000;
const charactersMax = 200;

/** Commands lie where Debian puts them, whatever the caller's PATH says. */
export const scriptPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Runs one of a field's scripts, `undo-NAME` for one, as this user, outside of any job. */
export function runScript(directory: string, script: string): { exitCode: number; said: string } {
  const name = script.slice(script.indexOf("-") + 1);
  const { status, stdout, stderr, error } = spawnSync("sh", ["-e", join(directory, "scripts", `${script}.sh`)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: scriptMsMax,
    cwd: "/",
    env: { PATH: scriptPath, W: directory, D: join(directory, "p", name), LC_ALL: "C" },
  });
  const said = `${stdout}${stderr}${error?.message ?? ""}`.trim().replaceAll("\n", "; ").slice(0, charactersMax);
  return { exitCode: status ?? 1, said };
}
