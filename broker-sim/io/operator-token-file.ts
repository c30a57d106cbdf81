import { readFileSync, rmSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as z from "zod";

const fileName = "operator.json";
const Content = z.strictObject({ url: z.string(), operatorToken: z.string() });

/** Leaves the operator's token where only the broker's own user finds it (mode 0600), with the address that it is for. */
export async function writeOperatorToken(
  directory: string,
  { url, operatorToken }: { readonly url: string; readonly operatorToken: string },
): Promise<void> {
  const path = join(directory, fileName);
  await writeFile(`${path}.new`, `${JSON.stringify({ url, operatorToken })}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Takes it away again: whoever listens at that address next is not sent it. Another broker's word stays. */
export function removeOperatorToken(directory: string, broker: string): void {
  if (readOperatorToken(directory, broker) !== undefined) rmSync(join(directory, fileName), { force: true });
}

/** The token that the broker at this address left there, or undefined: no other address is ever sent it. */
export function readOperatorToken(directory: string, broker: string): string | undefined {
  try {
    const { url, operatorToken } = Content.parse(JSON.parse(readFileSync(join(directory, fileName), "utf8")));
    return URL.parse(url)?.origin === URL.parse(broker)?.origin ? operatorToken : undefined;
  } catch {
    // There is none, or none that can be read: then the broker says that one is needed.
    return undefined;
  }
}
