import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import { launcher } from "./autostart/hook.ts";
import { askAgent } from "./io/control-client.ts";
import { tinyBroker, until } from "./testing/agent-process.ts";
import { temporaryDirectory, temporaryHome } from "./testing/temporary-home.ts";

const bash = "/bin/bash";
const works = process.platform === "linux" && existsSync(bash);
const enclosed = spawnSync("bwrap", ["--unshare-user", "--ro-bind", "/", "/", "true"]).status === 0;

/** Opens a file and a pipe at numbers that Node does not look at by itself, as `flock 200` and coprocesses do. */
const opener = 'exec 9>"$1" 200>"$1" 251> >(cat >/dev/null); shift; exec "$@"';
const tellsFiles = 'ls /proc/self/fd | tr "\\n" " " > "$HOUSEGUEST_RESULT_FILE"; echo mine >&200; exit 0';

describe.skipIf(!works)("files that were open when the agent was started (skipped without Linux and bash)", () => {
  test.for([
    { sandbox: "process", mode: "background", able: true },
    { sandbox: "process", mode: "foreground", able: true },
    { sandbox: "bubblewrap", mode: "background", able: enclosed },
  ])("neither it, in the $mode, nor a job under $sandbox has them", async ({ sandbox, mode, able }, context) => {
    if (!able) context.skip(`${sandbox} does not work here`);
    const broker = await tinyBroker(onTestFinished);
    broker.jobs.push(["/bin/sh", "-c", tellsFiles]);
    const paths = temporaryHome();
    const held = join(temporaryDirectory(), "held");
    const command = [
      ...[process.execPath, launcher, "join", "--home", paths.home, "--broker", broker.url, "--token", "t"],
      ...["--slots", "1", "--sandbox", sandbox, "--json", ...(mode === "foreground" ? ["--foreground"] : [])],
    ];
    const child = spawn(bash, ["-c", opener, "bash", held, ...command], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => child.once("close", resolve));
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    onTestFinished(async () => {
      await askAgent(paths.control, { command: "withdraw" }, { timeoutMs: 30_000 });
      child.kill("SIGKILL");
      await ended;
    });
    await until(() => said.includes("\n"));
    const { pid } = JSON.parse(said) as { pid: number };
    await until(() => broker.completed.size === 1);
    // 3 is the listing's own.
    expect(broker.completed.get("lease-1")).toMatchObject({ result: "0 1 2 3 " });
    expect(filesOf(pid)).not.toContain(held);
    expect(readFileSync(held, "utf8")).toBe("");
  });
});

test("nothing that this process has opened itself is taken for inherited", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", closesAndWorks]);
  expect(String(stderr)).toBe("");
  expect(status).toBe(0);
  expect(String(stdout)).toBe("x");
});

/** Uses what closing one of Node's own descriptors would break: timers, the thread pool, children. */
const closesAndWorks = `
  import { execFileSync } from "node:child_process";
  import { readFile, mkdtemp, rm, writeFile } from "node:fs/promises";
  import { tmpdir } from "node:os";
  import { closeInherited } from ${JSON.stringify(join(import.meta.dirname, "io/inherited-files.ts"))};
  closeInherited();
  const place = await mkdtemp(tmpdir() + "/houseguest-agent-");
  await writeFile(place + "/x", "x");
  const works = execFileSync("cat", [place + "/x"], { encoding: "utf8" });
  await readFile(place + "/x");
  await rm(place, { recursive: true });
  await new Promise((resolve) => setTimeout(resolve, 1));
  process.stdout.write(works);
`;

/** What a process has open, as the kernel names it. */
function filesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${name}`)];
    } catch {
      // It was closed while we looked.
      return [];
    }
  });
}
