/** How a finding's location is written, read again: paths are bytes there, shown in words (`showPath` of the scanner). */

/** The bytes of the path that was shown so, a character each (`latin1`). */
export function unshownPath(text: string): string {
  const bytes = Buffer.from(text, "utf8").toString("latin1");
  return bytes.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, byte: string | undefined, letter: string) => {
    if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16));
    return { n: "\n", t: "\t" }[letter] ?? letter;
  });
}

/** Whether it is, or looks like, a place under a mount: then the path in it is not where the file can be opened. */
export function isCoveredLocation(text: string): boolean {
  return / \(under the mount at \/.*\)$/s.test(text);
}
