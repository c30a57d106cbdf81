/** An XML element as data. Text and attributes may be anything that a job can write. */
export interface XmlElement {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string | number>>;
  readonly children?: readonly (XmlElement | string)[];
}

/** A whole XML 1.0 document in UTF-8. Names are ours; text and attribute values are escaped here and nowhere else. */
export function xmlDocument(root: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, "")}`;
}

function element({ name, attributes = {}, children = [] }: XmlElement, indent: string): string {
  const told = Object.entries(attributes).map(([key, value]) => ` ${key}="${attributeText(String(value))}"`);
  const open = `${indent}<${name}${told.join("")}`;
  if (children.length === 0) return `${open}/>\n`;
  // White space around text would become part of it.
  if (children.some((child) => typeof child === "string")) {
    return `${open}>${children.map((child) => (typeof child === "string" ? text(child) : element(child, "").trim())).join("")}</${name}>\n`;
  }
  const inner = children.map((child) => element(child as XmlElement, `${indent}  `));
  return `${open}>\n${inner.join("")}${indent}</${name}>\n`;
}

function text(value: string): string {
  // `>` is escaped always, so that no text can hold `]]>`, which XML 1.0 (2.4) forbids.
  return legal(value)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("\r", "&#13;");
}

function attributeText(value: string): string {
  // Unescaped, a reader would turn these white spaces into blanks (XML 1.0, 3.3.3).
  return text(value).replaceAll('"', "&quot;").replaceAll("\n", "&#10;").replaceAll("\t", "&#9;");
}

/** XML 1.0 (2.2) knows no other control characters than tab, newline and return, not even as references. */
function legal(value: string): string {
  return value
    .toWellFormed()
    .replaceAll(/[^\t\n\r\x20-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, (character) => {
      const point = character.codePointAt(0) ?? 0;
      return `\\u${point.toString(16).padStart(4, "0")}`;
    });
}
