import { spawn } from "node:child_process";

// Each of a few chains forks and ends at once, so that whoever makes a list of pids and kills them comes too late; what
// it would hear meanwhile, it ignores. A chain ends by itself after so many links.

const chains = 4;
const links = "20000";
const link = '[ "$1" -gt 0 ] || exit 0; sh -c "$0" "$0" $(($1 - 1)) & exit 0';
const first = `trap '' TERM HUP INT; exec sh -c "$0" "$0" "$1"`;

export async function begin() {
  for (let one = 0; one < chains; one += 1) {
    spawn("/bin/sh", ["-c", first, link, links], { stdio: "ignore", detached: true }).unref();
  }
}
