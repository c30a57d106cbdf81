import { execFileSync } from "node:child_process";

/** The arguments with which a shell command of the form `exec PROGRAM …` would start its program. */
export function argumentsOf(shellCommand: string): string[] {
  const recorded = shellCommand.replace(/^exec /, "printf '%s\\0' ").replace(">/dev/null", ">&3");
  const said = execFileSync("/bin/sh", ["-c", `exec 3>&1\n${recorded}`], { encoding: "utf8", env: {} });
  return said.split("\0").slice(0, -1);
}
