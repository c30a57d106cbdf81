import { once } from "node:events";
import { isMainThread, Worker, workerData } from "node:worker_threads";

import koffi from "koffi";

/**
 * A program that calls functions of the C library, one after the other, and prints what each returned:
 *
 *     node kernel-asker.ts main '[["int setpriority(int which, int who, int value)", 0, 0, 3]]'
 *
 * `thread` instead of `main`: from a thread that is not its first. A function is repeated as often as the third argument
 * says.
 */
const [place, questions = "[]", times = "1"] = isMainThread ? process.argv.slice(2) : (workerData as string[]);

if (place === "thread" && isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: [place, questions, times] });
  await once(worker, "exit");
} else {
  const libc = koffi.load("libc.so.6");
  for (const [declaration, ...given] of JSON.parse(questions) as [string, ...unknown[]][]) {
    const asked = libc.func(declaration);
    let returned: unknown;
    for (let time = 0; time < Number(times); time += 1) returned = asked(...given);
    console.log(String(returned));
  }
}
