import { once } from "node:events";
import { createServer } from "node:net";

import { systemCode, UsageError } from "../../foundation/errors.ts";

/** In the abstract name space of unix(7), which is the network namespace's: no file is left behind. */
const corpusName = "houseguest-residue-corpus";

/**
 * Holds a name for as long as this process runs: two corpora at once would each take what the other had set for what the
 * host had before, and put that back. The kernel gives the name free when its holder ends, however it does.
 *
 * @returns gives it free before
 * @throws UsageError where another process holds it
 */
export async function playAlone(name = corpusName): Promise<() => Promise<void>> {
  const server = createServer((guest) => guest.destroy());
  server.unref();
  server.listen(`\0${name}`);
  try {
    await once(server, "listening");
  } catch (error) {
    if (systemCode(error) !== "EADDRINUSE") throw error;
    throw new UsageError("Another run of the corpus goes on on this host.", {
      code: "corpus-runs",
      next: `Wait until it has ended, or end it; this shows its process: ss -xlp | grep @${name}`,
    });
  }
  return async () => await server[Symbol.asyncDispose]();
}
