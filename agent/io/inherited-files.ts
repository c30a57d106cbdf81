import { closeSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";

const descriptors = "/proc/self/fd";
/** fcntl(2): what is not kept over an exec, as Linux shows it in /proc/PID/fdinfo (octal). */
const closeOnExec = 0o2_000_000;

/**
 * Closes what whoever started this process had open, but for its first three descriptors: a lock that is held for the
 * start must not be held for as long as the agent lives, and a job must not write to what lies outside its sandbox.
 *
 * Everything that Node opens is closed on exec, so what is not was handed down. Node itself marks some of that as well
 * when it starts (libuv's uv_disable_stdio_inheritance: the lowest, up to the first gap above 15): no child gets it,
 * and what of it has a name in the file system is closed here too. Pipes and sockets among those look like Node's own
 * and stay open in this one process, until it ends; an agent in the background is a child, and does not have them.
 *
 * To be called before anything is opened. On macOS, libuv gives children nothing but what they were meant to have.
 *
 * @returns which were closed
 */
export function closeInherited(): number[] {
  const closed: number[] = [];
  for (const name of numbersOpen()) {
    const file = Number(name);
    if (file <= 2 || !isInherited(file)) continue;
    try {
      closeSync(file);
      closed.push(file);
    } catch {
      // It was the listing's own, or is gone.
    }
  }
  return closed;
}

function numbersOpen(): string[] {
  try {
    return readdirSync(descriptors).sort((a, b) => Number(a) - Number(b));
  } catch {
    // No such directory on this system.
    return [];
  }
}

function isInherited(file: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${file}`, "latin1"))?.[1];
    if (flags === undefined) return false;
    if ((Number.parseInt(flags, 8) & closeOnExec) === 0) return true;
    if (!readlinkSync(`${descriptors}/${file}`).startsWith("/")) return false;
    // Node and its libraries keep devices (/dev/null, /dev/urandom), and nothing else that has a name.
    return !statSync(`${descriptors}/${file}`).isCharacterDevice();
  } catch {
    // The descriptor of the listing, which is closed by now.
    return false;
  }
}
