import { readFileSync, rmSync } from "node:fs";
import { rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as z from "zod";

import { UsageError, messageOf } from "../../../foundation/errors.ts";
import { ProcessMark } from "../../core/executions/execution-record.ts";
import { isThere, markOf } from "../executions/host-processes.ts";

const fileName = "operator.json";
const Content = z.strictObject({ url: z.string(), operatorToken: z.string(), broker: ProcessMark });

/**
 * Leaves the operator's token where only the broker's own user finds it (mode 0600), with the address that it is for and
 * the process that has it: this one. Where processes cannot be told from those that had their number before (without
 * /proc), nothing is left.
 *
 * @throws UsageError `token-unwritable`, on a full disk for example; what was written of it is gone again
 */
export async function writeOperatorToken(
  directory: string,
  { url, operatorToken }: { readonly url: string; readonly operatorToken: string },
): Promise<void> {
  const broker = markOf(process.pid);
  if (broker === null) return;
  const path = join(directory, fileName);
  try {
    await writeFile(`${path}.new`, `${JSON.stringify({ url, operatorToken, broker })}\n`, { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch (error) {
    // What is no file there is not ours.
    await unlink(`${path}.new`).catch(() => undefined);
    throw new UsageError(`The operator's token cannot be left in ${directory}: ${messageOf(error)}.`, {
      code: "token-unwritable",
      next: "Make room there for a file that you may write, or name another directory with --data.",
      cause: error,
    });
  }
}

/** Takes it away again: whoever listens at that address next is not sent it. Another broker's word stays. */
export function removeOperatorToken(directory: string, broker: string): void {
  if (readOperatorToken(directory, broker) !== undefined) rmSync(join(directory, fileName), { force: true });
}

/** The token that the broker at this address left there, or undefined: no other address, and nobody after it, is sent it. */
export function readOperatorToken(directory: string, broker: string): string | undefined {
  try {
    const {
      url,
      operatorToken,
      broker: mark,
    } = Content.parse(JSON.parse(readFileSync(join(directory, fileName), "utf8")));
    const isItsAddress = URL.parse(url)?.origin === URL.parse(broker)?.origin;
    // A broker that was killed left it there, and anybody may listen at that address since.
    return isItsAddress && isThere(mark) ? operatorToken : undefined;
  } catch {
    // There is none, or none that can be read: then the broker says that one is needed.
    return undefined;
  }
}
