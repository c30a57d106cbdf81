import { UsageError } from "../../foundation/errors.ts";

/**
 * Holds a token to what goes into a header and onto command lines.
 *
 * @param source the option or variable that it came with
 * @throws UsageError `usage`
 */
export function readToken(source: string, token: string | undefined): void {
  if (token === undefined || /^[\x21-\x7e]{1,200}$/.test(token)) return;
  throw new UsageError(`${source} takes a word of 1 to 200 printable ASCII characters, without a space.`, {
    code: "usage",
    next: "Give the token as `broker-sim serve` printed it, or to that one leave it out for a random one.",
  });
}
