/** How many columns of a terminal a printable text takes (Unicode UAX 11 wide ranges; combining marks take none). */
export function visibleWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/**
 * Cuts a text to a width and marks the cut with `…`.
 *
 * @param more whether something follows the text that is cut too, so that a text which just fits is marked as well
 */
export function shorten(text: string, width: number, { more = false }: { more?: boolean } = {}): string {
  if (!more && visibleWidth(text) <= width) return text;
  if (width <= 0) return "";
  let kept = "";
  let left = width - 1;
  for (const character of text) {
    left -= characterWidth(character);
    if (left < 0) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Breaks a text into lines of at most `width` columns, at spaces where it can. An empty text is no line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (visibleWidth(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (visibleWidth(line) > width) {
      const cut = cutAt(line, width);
      lines.push(cut);
      line = line.slice(cut.length);
    }
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** Puts items on as few lines as they need, with a separator between two on a line; an item is broken only if it must be. */
export function wrapItems(items: readonly string[], separator: string, width: number): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const joined = lines.length === 0 ? item : `${lines.at(-1)}${separator}${item}`;
    if (lines.length > 0 && visibleWidth(joined) <= width) lines[lines.length - 1] = joined;
    else lines.push(...wrap(item, width));
  }
  return lines;
}

function cutAt(text: string, width: number): string {
  let kept = "";
  let left = width;
  for (const character of text) {
    left -= characterWidth(character);
    // At least one character a line, or a terminal of one column would never end.
    if (left < 0 && kept !== "") break;
    kept += character;
  }
  return kept;
}

function characterWidth(character: string): number {
  if (/\p{M}/u.test(character)) return 0;
  const point = character.codePointAt(0) ?? 0;
  return wideRanges.some(([first, last]) => point >= first && point <= last) ? 2 : 1;
}

const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];
