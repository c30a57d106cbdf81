import { isUtf8 } from "node:buffer";

/**
 * Names on Linux are bytes. As text, in manifests, archives and reports, a name stands as it is where it is plain
 * UTF-8; a control character, a backslash, and every byte of a name part that is not valid UTF-8 and beyond ASCII
 * stand as `\xHH`. One name has one text, and the text gives back the name.
 */
export function pathToText(path: Buffer): string {
  return splitParts(path).map(partToText).join("/");
}

/** @returns null for what `pathToText` never writes */
export function textToPath(text: string): Buffer | null {
  const bytes = Buffer.concat(
    text
      .split(/(\\x[0-9a-f]{2})/)
      .map((piece, index) => (index % 2 === 1 ? Buffer.from(piece.slice(2), "hex") : Buffer.from(piece, "utf8"))),
  );
  return pathToText(bytes) === text ? bytes : null;
}

function partToText(part: Buffer): string {
  const valid = isUtf8(part);
  let text = "";
  for (const character of part.toString(valid ? "utf8" : "latin1")) {
    const code = character.codePointAt(0) as number;
    const escaped = code < 0x20 || code === 0x7f || character === "\\" || (!valid && code > 0x7f);
    text += escaped ? `\\x${code.toString(16).padStart(2, "0")}` : character;
  }
  return text;
}

function splitParts(path: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let end = path.indexOf(0x2f); end !== -1; end = path.indexOf(0x2f, start)) {
    parts.push(path.subarray(start, end));
    start = end + 1;
  }
  parts.push(path.subarray(start));
  return parts;
}
