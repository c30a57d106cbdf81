import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, existsSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, normalize, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { systemClock } from "../../foundation/clock.ts";
import { messageOf } from "../../foundation/errors.ts";
import { ownHome } from "../io/own-user.ts";
import { isWithin } from "../activity/is-within.ts";
import { bubblewrapEnclosure, type BubblewrapOptions } from "./bubblewrap-enclosure.ts";
import { shell } from "./launch-scripts.ts";
import { adoptOrphans, type Orphans } from "./orphans.ts";
import { readProcess } from "./proc-stat.ts";

export type BubblewrapFound =
  | { readonly works: true; readonly options: BubblewrapOptions }
  | { readonly works: false; readonly why: string };

/** How long the trial may take on a busy host, in milliseconds. */
const trialMsMax = 10_000;
/** So much of the end of what it complains of is read. */
const stderrCharactersMax = 10_000;
/** How often it is looked whether the trial's last process has been collected, in milliseconds. */
const lookIntervalMs = 5;
/** Where it is when the search path is a thin one. */
const usualDirectories = ["/usr/local/bin", "/usr/bin", "/bin"];

/**
 * What the trial runs in the enclosure: it must be made at all, and the truth about a job's end must come out of it
 * (`keeperScript`).
 */
const trialScript = [
  "mkfifo /run/.houseguest-trial || exit 2",
  "setsid --fork --wait sh -c 'exit 143' 2>/dev/null; [ $? = 143 ] || exit 3",
  "setsid --fork --wait sh -c 'kill -TERM $$' 2>/dev/null; [ $? = 15 ] || exit 3",
].join("\n");

/** The switches by which kernels and distributions keep ordinary users from user namespaces, and how each is set. */
const switches = [
  { file: "/proc/sys/kernel/unprivileged_userns_clone", forbids: "0", name: "kernel.unprivileged_userns_clone" },
  { file: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", forbids: "1", name: "AppArmor's restriction" },
  { file: "/proc/sys/user/max_user_namespaces", forbids: "0", name: "user.max_user_namespaces" },
];

/** Finds out whether jobs can be run by bubblewrap here, by running one. */
export async function probeBubblewrap({
  environment,
  network,
  hidden,
  read = [],
  workspace,
}: Pick<BubblewrapOptions, "network" | "hidden"> & {
  /** What the donor lets jobs read beside programs and settings: absolute paths. */
  readonly read?: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** A directory that is there, as a workspace would be. */
  readonly workspace: string;
}): Promise<BubblewrapFound> {
  const program = findProgram(environment["PATH"] ?? "");
  if (program === null) return { works: false, why: "bwrap is not installed" };
  const visible = [...programDirectories(environment["PATH"] ?? "", hidden), ...read];
  let why = "";
  for (const refusesNamespaces of [true, false]) {
    const options = { program, network, hidden, visible, refusesNamespaces };
    why = (await complaintOf(options, workspace)) ?? "";
    if (why === "") return { works: true, options };
  }
  return { works: false, why: `${why}${switchedOff()}` };
}

/** What was said when it did not work; null when it did. Nothing of the trial is there any more then. */
async function complaintOf(options: BubblewrapOptions, workspace: string): Promise<string | null> {
  const enclosure = bubblewrapEnclosure(options);
  const command = enclosure.enclose({ workspace, sizeBytes: 1024 ** 2 }, [shell, "-c", trialScript]);
  // The enclosure's inner process ends after the outer one. It is collected here: process 1 of a container may collect
  // nobody.
  const orphans = adoptOrphans();
  try {
    const { session, complaint } = await runTrial(command);
    if (orphans !== null && session !== null) await untilCollected(session, orphans);
    return complaint;
  } finally {
    orphans?.close();
  }
}

/** In a session of its own, by which what it leaves is told from what the agent starts besides. */
async function runTrial(command: readonly string[]): Promise<{ session: number | null; complaint: string | null }> {
  const [program = "", ...rest] = command;
  const child = spawn(program, rest, {
    ...{ detached: true, stdio: ["ignore", "ignore", "pipe"] },
    ...{ timeout: trialMsMax, killSignal: "SIGKILL" },
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-stderrCharactersMax);
  });
  const session = child.pid ?? null;
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    return { session, complaint: complaintAbout({ code, signal, stderr }) };
  } catch (error) {
    return { session, complaint: `bwrap cannot be started: ${messageOf(error)}` };
  }
}

function complaintAbout(end: { code: number | null; signal: NodeJS.Signals | null; stderr: string }): string | null {
  const { code, signal, stderr } = end;
  if (code === 0) return null;
  if (signal === "SIGKILL") return `bwrap did not come to an end within ${trialMsMax} ms`;
  if (code === 3) return "setsid(1) does not report how a program ended";
  const said = stderr.trim().split("\n").at(-1) ?? "";
  return said === "" ? `bwrap failed with ${signal ?? code}` : said.slice(0, 300);
}

/** The kernel ends the inner process with the outer one (--die-with-parent); for how long that takes there is a bound. */
async function untilCollected(session: number, { children, isOrphan }: Orphans): Promise<void> {
  const untilMs = systemClock.monotonicMs() + trialMsMax;
  const isLeft = (pid: number): boolean => {
    const stat = readProcess(pid);
    return stat !== null && stat.session === session && isOrphan(stat);
  };
  while (children().some(isLeft) && systemClock.monotonicMs() < untilMs) await sleep(lookIntervalMs);
}

/**
 * Where programs are: the search path, and this agent with its Node, wherever somebody has installed them. A link is
 * shown as what it leads to. A search path that names a home, or a directory with homes in it, would show too much.
 */
function programDirectories(path: string, hidden: readonly string[]): string[] {
  const home = ownHome();
  const own = home === null ? hidden : [home, ...hidden];
  return [...path.split(delimiter), dirname(process.execPath), resolve(import.meta.dirname, "../..")]
    .filter((directory) => isAbsolute(directory) && existsSync(directory))
    .flatMap((directory) => [normalize(directory).replace(/(.)\/+$/, "$1"), realpathSync(directory)])
    .filter((directory) => !own.some((one) => isWithin(one, directory)))
    .filter((directory, index, all) => all.indexOf(directory) === index);
}

function findProgram(path: string): string | null {
  for (const directory of [...path.split(delimiter), ...usualDirectories]) {
    if (!directory.startsWith("/")) continue;
    try {
      const program = join(directory, "bwrap");
      accessSync(program, constants.X_OK);
      return program;
    } catch {
      // Not here.
    }
  }
  return null;
}

function switchedOff(): string {
  if (process.getuid?.() === 0) return "";
  const off = switches.filter(({ file, forbids }) => read(file) === forbids).map(({ name }) => name);
  return off.length === 0 ? "" : `; ordinary users may make no user namespaces here (${off.join(", ")})`;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, "latin1").trim();
  } catch {
    // This kernel has no such switch.
    return null;
  }
}
