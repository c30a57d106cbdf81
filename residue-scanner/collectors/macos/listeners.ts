import { execFileSync } from "node:child_process";

import { messageOf } from "../../../foundation/errors.ts";
import type { SocketFact, SurfaceReading } from "../../core/fact.ts";

const outputBytesMax = 64 * 1024 * 1024;
/** Process, command, user, type, protocol, name and state of TCP, a field a line (lsof(8), "OUTPUT FOR OTHER PROGRAMS"). */
const parameters = ["-n", "-P", "-i", "-F", "pcutPnT"];

/** Internet sockets by what lsof(8) tells, where there is no /proc. Written for macOS and not tried on one yet. */
export function collectListeners(): { sockets: SocketFact[]; reading: SurfaceReading } {
  const startedMs = performance.now();
  const { output, problem } = runLsof();
  const sockets = parseLsof(output);
  const limits = ["only what lsof tells: internet sockets of processes that this user may look into"];
  const detail = [...(problem === "" ? [] : [problem]), ...limits].join("; ");
  const durationMs = performance.now() - startedMs;
  const status = problem === "" ? "partial" : "failed";
  return { sockets, reading: { surface: "sockets", status, detail, facts: sockets.length, durationMs } };
}

function runLsof(): { output: string; problem: string } {
  try {
    const output = execFileSync("lsof", parameters, {
      encoding: "latin1",
      maxBuffer: outputBytesMax,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return { output, problem: "" };
  } catch (error) {
    // It ends with 1 where it found nothing, too.
    const { status, stdout } = error as { status?: number | null; stdout?: string };
    if (status === 1 && typeof stdout === "string") return { output: stdout, problem: "" };
    return { output: "", problem: `lsof failed: ${messageOf(error)}` };
  }
}

interface LsofFile {
  family: string;
  protocol: string;
  name: string;
  state: string;
}

/** @param output fields of processes, each followed by those of its files */
export function parseLsof(output: string): SocketFact[] {
  const facts = new Map<string, SocketFact>();
  let pid = 0;
  let uid: number | null = null;
  let file: LsofFile | null = null;
  const conclude = () => {
    if (file !== null && file.protocol !== "") addFact(facts, { ...file, pid, uid });
    file = null;
  };
  for (const line of output.split("\n")) {
    const value = line.slice(1);
    switch (line[0] ?? "") {
      case "p":
        conclude();
        pid = Number(value);
        uid = null;
        break;
      case "u":
        uid = Number(value);
        break;
      case "f":
        conclude();
        file = { family: "", protocol: "", name: "", state: "" };
        break;
      case "t":
        if (file !== null) file.family = value;
        break;
      case "P":
        if (file !== null) file.protocol = value.toLowerCase();
        break;
      case "n":
        if (file !== null) file.name = value;
        break;
      case "T":
        if (file !== null && value.startsWith("ST=")) file.state = value.slice(3).toLowerCase();
        break;
      default:
        break;
    }
  }
  conclude();
  return [...facts.values()];
}

function addFact(
  facts: Map<string, SocketFact>,
  { family, protocol, name, state, pid, uid }: LsofFile & { pid: number; uid: number | null },
): void {
  const [local = "", remote = null] = name.split("->");
  const words: Readonly<Record<string, string>> = { listen: "listening", established: "connected", "": "bound" };
  const fact: SocketFact = {
    protocol: `${protocol}${family === "IPv6" ? "6" : ""}`,
    ...{ local, remote, uid, inodes: [], owners: [pid] },
    state: words[state] ?? state.replaceAll("_", "-"),
    key: "",
  };
  const key = `${fact.protocol} ${local}${remote === null ? "" : ` to ${remote}`} ${fact.state}`;
  const owners = new Set([...(facts.get(key)?.owners ?? []), pid]);
  facts.set(key, { ...fact, key, owners: [...owners].sort((one, other) => one - other) });
}
