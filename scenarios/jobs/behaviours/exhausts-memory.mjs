import { writeFileSync } from "node:fs";

// Takes memory and uses it, as fast as it can, until it has 2 GiB or is ended. It asks to be the one that the kernel
// ends (proc(5), oom_score_adj), so that it is not the agent.

const stepBytes = 16 * 1024 ** 2;
const mostBytes = 2 * 1024 ** 3;

export async function begin() {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // The largest is chosen then, and that is this one.
  }
  const held = [];
  const take = () => {
    held.push(Buffer.alloc(stepBytes, 1));
    if (held.length * stepBytes < mostBytes) setImmediate(take);
  };
  setImmediate(take);
  // The work would keep it from growing.
  await new Promise(() => undefined);
}
