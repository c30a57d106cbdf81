/**
 * What runs between the agent's fork and the job's program, as POSIX shell: there is nothing smaller that every host
 * has. Descriptor 3 tells of the start: `ready`, and then nothing more until it closes, when the program has taken
 * over; any other word says what failed. Descriptor 4 is the agent's line to the keeper of an enclosure.
 */

export const shell = "/bin/sh";

/** Where the enclosed job's shell finds descriptor 3, as a FIFO in a directory that only the enclosure sees. */
const startedFifo = "/run/.houseguest-started";

/** `$1` is the cgroup's list of processes or empty. The job is in its cgroup before its first instruction. */
export const entranceScript = [
  'if [ -n "$1" ] && ! echo $$ > "$1"; then echo cgroup >&3; exit 126; fi',
  "shift",
  'exec "$@"',
].join("\n");

/**
 * Starts the job in a session of its own, waits for it, and reports its end on descriptor 4. A shell cannot tell an
 * exit code above 128 from a signal; `setsid --wait` can: it complains on its stderr when a signal ended the child, and
 * exits with the signal's number (setsid(1)).
 *
 * 1. It says `keeper` and waits, so that the agent knows who is who before the job's program runs. If the agent is
 * killed meanwhile, the line's end is its end. 2. The waiting `setsid` would hold descriptor 3 open beyond the start,
 * so that comes in by a FIFO. 3. After the job's end it waits again: what the job left running goes on until the agent
 * ends it.
 */
export const keeperScript = [
  "echo keeper >&4",
  "read -r go <&4 || exit 0",
  `mkfifo -m 600 ${startedFifo} || exit 125`,
  "exec 6>&2",
  `cat ${startedFifo} >&3 4>&- 6>&- &`,
  "exec 3>&-",
  'setsid --fork --wait "$@" 2>&4',
  'echo "ended $?" >&4',
  "read -r go <&4",
  "exit 0",
].join("\n");

/**
 * Takes the limits (in blocks of 512 bytes, processes, and KiB of address space; empty for none) and becomes the job's
 * program. Core dumps would be left outside the workspace. A limit that is lower already stays.
 */
export function takeOverScript({ kept }: { readonly kept: boolean }): string {
  return [
    ...(kept ? [`exec 2>&6 3>${startedFifo} 4>&- 6>&-`, `rm -f ${startedFifo}`] : []),
    "ulimit -c 0",
    'if [ -n "$1" ]; then ulimit -f "$1" 2>/dev/null; fi',
    'if [ -n "$2" ]; then { ulimit -u "$2" || ulimit -p "$2"; } 2>/dev/null; fi',
    'if [ -n "$3" ]; then ulimit -v "$3" 2>/dev/null; fi',
    "shift 3",
    "echo ready >&3",
    "trap 'echo exec >&3' EXIT",
    '{ exec "$@"; } 3>&-',
  ].join("\n");
}
