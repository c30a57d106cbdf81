/**
 * Paths are bytes. Inside the scanner they are strings with one character a byte (`latin1`); these functions lead in
 * and out of that form.
 */
export function toBytePath(path: string): string {
  return Buffer.from(path, "utf8").toString("latin1");
}

/** For a person, and unmistakable: UTF-8 where it is that; `\n`, `\xff`, `\\` and the like for what would not show. */
export function showPath(bytePath: string): string {
  const escaped = bytePath.replaceAll("\\", "\\\\");
  return showText(
    isUtf8(bytePath) ? Buffer.from(escaped, "latin1").toString("utf8") : escaped.replace(/[\x80-\xff]/g, hex),
  );
}

/** The same for words that are no path, such as a command line: their backslashes stay as they are. */
export function showWords(byteText: string): string {
  return showText(
    isUtf8(byteText) ? Buffer.from(byteText, "latin1").toString("utf8") : byteText.replace(/[\x80-\xff]/g, hex),
  );
}

/** One line, whatever stands in it. */
export function showText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, escapeCharacter);
}

/** For a shell: plain when harmless, else `'…'`, or `$'…'` (bash, zsh, busybox) for what a terminal would not show. */
export function shellPath(bytePath: string): string {
  if (/^[A-Za-z0-9_./@%+=:,-]+$/.test(bytePath)) return bytePath;
  const text = Buffer.from(bytePath, "latin1").toString("utf8");
  if (isUtf8(bytePath) && showText(text) === text) return `'${text.replaceAll("'", "'\\''")}'`;
  return `$'${bytePath.replace(/[^ -~]|['\\]/g, hex)}'`;
}

function isUtf8(bytePath: string): boolean {
  return toBytePath(Buffer.from(bytePath, "latin1").toString("utf8")) === bytePath;
}

function escapeCharacter(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  // By its bytes: a control character beyond ASCII would else look like a byte that is no UTF-8.
  return Array.from(Buffer.from(character, "utf8"), hexByte).join("");
}

function hex(character: string): string {
  return hexByte(character.charCodeAt(0));
}

function hexByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
