import { spawn } from "node:child_process";

// A bomb of ten generations, lit again and again. A thousand sleepers is the most that it comes to where nothing holds
// it; each ends by itself.

const everyMs = 100;
const bomb = `bomb() { if [ "$1" -lt 10 ]; then bomb $(($1 + 1)) & bomb $(($1 + 1)) & wait; else exec sleep 20; fi; }; bomb 0`;

export async function begin() {
  const light = () => {
    const child = spawn("/bin/sh", ["-c", bomb], { stdio: "ignore" });
    // EAGAIN is what it is there for.
    child.on("error", () => undefined);
    child.unref();
  };
  light();
  setInterval(light, everyMs).unref();
}
