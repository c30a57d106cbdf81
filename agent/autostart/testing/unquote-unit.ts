/** The arguments of a unit's ExecStart as systemd reads them (systemd.service(5), systemd.syntax(7)). */
export function startOf(unit: string): string[] {
  const line = /^ExecStart=(:?)(.*)$/m.exec(unit);
  if (line === null) return [];
  const expands = line[1] === "";
  const words: string[] = [];
  for (const [, word = ""] of (line[2] ?? "").matchAll(/"((?:[^"\\]|\\.)*)"/g)) {
    const plain = word.replaceAll(/\\(.)/g, "$1").replaceAll("%%", "%");
    if (expands && plain.includes("$")) throw new Error("systemd would expand a variable");
    words.push(plain);
  }
  return words;
}
