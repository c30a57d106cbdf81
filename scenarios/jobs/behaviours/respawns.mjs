import { spawn } from "node:child_process";

// Each of a few chains forks and ends at once, so that whoever makes a list of pids and kills them comes too late. A
// chain ends by itself after so many links.

const chains = 4;
const chain = 'link() { [ "$1" -le 0 ] && exit 0; link $(($1 - 1)) & exit 0; }; link 30000';

export async function begin() {
  for (let one = 0; one < chains; one += 1) {
    spawn("/bin/sh", ["-c", chain], { stdio: "ignore", detached: true }).unref();
  }
}
