/** What a terminal shows in a line, unless somebody has made it another size. */
const columnsDefault = 80;

/**
 * Breaks text between words, so that no line is longer than `columns` characters; a longer word has a line of its own. The
 * text's own line ends and its runs of spaces become single spaces.
 *
 * @param indent what each line begins with
 * @param hanging what each line but the first has in place of that
 */
export function wrapText(
  text: string,
  {
    columns = columnsDefault,
    indent = "",
    hanging = indent,
  }: { columns?: number; indent?: string; hanging?: string } = {},
): string {
  const lines: string[] = [];
  let line = "";
  let length = 0;
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const start = lines.length === 0 ? indent : hanging;
    const wordLength = lengthOf(word);
    if (line !== "" && length + 1 + wordLength <= columns) {
      line += ` ${word}`;
      length += 1 + wordLength;
    } else {
      if (line !== "") lines.push(line);
      const before = line === "" ? start : hanging;
      line = before + word;
      length = lengthOf(before) + wordLength;
    }
  }
  return [...lines, line].join("\n");
}

/** In characters, not in the units of which JavaScript counts two for some. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}
