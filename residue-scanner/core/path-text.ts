/**
 * Paths are bytes. Inside the scanner they are strings with one character a byte (`latin1`); these functions lead in
 * and out of that form.
 */
export function toBytePath(path: string): string {
  return Buffer.from(path, "utf8").toString("latin1");
}

/** For a person: UTF-8 where it is that, `\n`, `\xff` and the like for everything that would not show. */
export function showPath(bytePath: string): string {
  const text = Buffer.from(bytePath, "latin1").toString("utf8");
  const isUtf8 = toBytePath(text) === bytePath;
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  return (isUtf8 ? text : bytePath.replace(/[\x80-\xff]/g, hex)).replace(/[\x00-\x1f\x7f\\]/g, escapeCharacter);
}

/** For a shell (bash, zsh, busybox ash): plain when harmless, `'…'` or `$'…'` otherwise. */
export function shellPath(bytePath: string): string {
  if (/^[A-Za-z0-9_./@%+=:,-]+$/.test(bytePath)) return bytePath;
  const shown = showPath(bytePath);
  if (!shown.includes("\\")) return `'${shown.replaceAll("'", "'\\''")}'`;
  return `$'${shown.replaceAll("'", "\\'")}'`;
}

function escapeCharacter(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  if (character === "\\") return "\\\\";
  return hex(character);
}

function hex(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
