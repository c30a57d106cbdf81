/** An element of a parsed document; `text` is all text directly in it. */
export interface ParsedElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: ParsedElement[];
  text: string;
}

const nameShape = "[A-Za-z_][A-Za-z0-9_.-]*";
const legalText = /^[\t\n\r\x20-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u;

/**
 * A strict reader for the part of XML 1.0 that a report uses: declaration, elements, attributes, text, the five named
 * entities and character references. Whatever else it meets, or anything not well-formed, throws with its place.
 */
export function parseXml(text: string): ParsedElement {
  if (!legalText.test(text)) throw new Error("a character that XML 1.0 does not allow");
  const declaration = /^<\?xml version="1\.0" encoding="UTF-8"\?>\n/.exec(text);
  if (declaration === null) throw new Error("no XML declaration");
  const top: ParsedElement = { name: "", attributes: {}, children: [], text: "" };
  const open: ParsedElement[] = [top];
  let at = declaration[0].length;
  while (at < text.length) {
    const inside = open.at(-1) as ParsedElement;
    const rest = text.slice(at);
    const closing = new RegExp(`^</(${nameShape})\\s*>`).exec(rest);
    const opening = new RegExp(`^<(${nameShape})((?:\\s+${nameShape}="[^"<]*")*)\\s*(/?)>`).exec(rest);
    if (closing !== null) {
      if (closing[1] !== inside.name) throw new Error(`</${closing[1]}> closes <${inside.name}> at ${at}`);
      open.pop();
      at += closing[0].length;
    } else if (opening !== null) {
      const element = { name: opening[1] ?? "", attributes: attributesOf(opening[2] ?? ""), children: [], text: "" };
      inside.children.push(element);
      if (opening[3] === "") open.push(element);
      at += opening[0].length;
    } else {
      const plain = /^[^<]+/.exec(rest);
      if (plain === null) throw new Error(`not well-formed at ${at}: ${rest.slice(0, 40)}`);
      if (plain[0].includes("]]>")) throw new Error(`]]> in text at ${at}`);
      inside.text += decoded(plain[0].replaceAll("\r\n", "\n").replaceAll("\r", "\n"));
      at += plain[0].length;
    }
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)?.name}> is never closed`);
  if (top.text.trim() !== "") throw new Error("text outside the root element");
  const [root, ...others] = top.children;
  if (root === undefined || others.length > 0) throw new Error("not exactly one root element");
  return root;
}

function attributesOf(source: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = "", value = ""] of source.matchAll(new RegExp(`(${nameShape})="([^"]*)"`, "g"))) {
    if (name in attributes) throw new Error(`the attribute ${name} twice`);
    attributes[name] = decoded(value.replaceAll(/[\t\n\r]/g, " "));
  }
  return attributes;
}

function decoded(text: string): string {
  return text.replaceAll(/&([^;&\s]*;)?/g, (reference, body: string | undefined) => {
    const named = { "amp;": "&", "lt;": "<", "gt;": ">", "quot;": '"', "apos;": "'" }[body ?? ""];
    if (named !== undefined) return named;
    const number = /^#(?:x([0-9a-fA-F]+)|([0-9]+));$/.exec(body ?? "");
    if (number === null) throw new Error(`the reference ${reference} is not known`);
    const character = String.fromCodePoint(
      number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16),
    );
    if (!legalText.test(character)) throw new Error(`the reference ${reference} names no legal character`);
    return character;
  });
}
