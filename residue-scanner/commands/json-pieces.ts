/** So many items of a list are made text at once. */
const itemsInPiece = 100;
/** Of a list that is no longer than this the items are divided themselves: those of SARIF's `runs`. */
const itemsFew = 10;

/**
 * An object as `JSON.stringify` writes it with an indent of 2, and a newline, in pieces: of thousands of findings the whole
 * text takes more room than they do themselves. What is divided are lists directly in it, and those in the objects of a
 * short list.
 */
export function* jsonPieces(value: object): Generator<string, void, undefined> {
  if (isPlain(value)) yield* objectPieces(value, { indent: "", isDivided: true });
  else yield JSON.stringify(value, null, 2);
  yield "\n";
}

interface Place {
  /** Of the line on which the value begins. */
  readonly indent: string;
  /** Whether the items of a short list in it are divided. */
  readonly isDivided: boolean;
}

function* objectPieces(value: object, { indent, isDivided }: Place): Generator<string, void, undefined> {
  const fields = Object.entries(value).filter(([, each]) => isWritten(each));
  if (fields.length === 0) return yield "{}";
  const inner = `${indent}  `;
  let before = "{\n";
  for (const [name, each] of fields) {
    yield `${before}${inner}${JSON.stringify(name)}: `;
    before = ",\n";
    if (!isList(each)) yield indented(JSON.stringify(each, null, 2), inner);
    else if (isDivided && each.length <= itemsFew) yield* itemPieces(each, inner);
    else yield* listPieces(each, inner);
  }
  yield `\n${indent}}`;
}

function* itemPieces(list: readonly unknown[], indent: string): Generator<string, void, undefined> {
  const inner = `${indent}  `;
  let before = "[\n";
  for (const each of list) {
    yield `${before}${inner}`;
    before = ",\n";
    if (isPlain(each)) yield* objectPieces(each, { indent: inner, isDivided: false });
    else yield indented(JSON.stringify(each, null, 2) ?? "null", inner);
  }
  yield `\n${indent}]`;
}

function* listPieces(list: readonly unknown[], indent: string): Generator<string, void, undefined> {
  for (let from = 0; from < list.length; from += itemsInPiece) {
    const items = JSON.stringify(list.slice(from, from + itemsInPiece), null, 2);
    // Without the brackets and their lines.
    yield `${from === 0 ? "[\n" : ",\n"}${indent}${indented(items.slice(2, -2), indent)}`;
  }
  yield `\n${indent}]`;
}

/** Fields without a text are left out. What is divided has one, and is not made text to see that. */
function isWritten(value: unknown): boolean {
  return isList(value) || isPlain(value) || JSON.stringify(value) !== undefined;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0 && !("toJSON" in value);
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !("toJSON" in value);
}

/** No newline stands in a JSON text but between its parts. */
function indented(text: string, indent: string): string {
  return text.replaceAll("\n", `\n${indent}`);
}
