/** So many items of a list are made text at once. */
const itemsInPiece = 100;

/**
 * An object as `JSON.stringify` writes it with an indent of 2, and a newline, in pieces: of thousands of findings the whole
 * text takes more room than they do themselves. Lists directly in it are what is divided.
 */
export function* jsonPieces(value: object): Generator<string, void, undefined> {
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  if (fields.length === 0) return yield "{}\n";
  let before = "{\n";
  for (const [name, each] of fields) {
    yield `${before}  ${JSON.stringify(name)}: `;
    before = ",\n";
    if (Array.isArray(each) && each.length > 0) yield* listPieces(each);
    else yield indented(JSON.stringify(each, null, 2), "  ");
  }
  yield "\n}\n";
}

function* listPieces(list: readonly unknown[]): Generator<string, void, undefined> {
  for (let from = 0; from < list.length; from += itemsInPiece) {
    const items = JSON.stringify(list.slice(from, from + itemsInPiece), null, 2);
    // Without the brackets and their lines.
    yield `${from === 0 ? "[\n" : ",\n"}  ${indented(items.slice(2, -2), "  ")}`;
  }
  yield "\n  ]";
}

/** No newline stands in a JSON text but between its parts. */
function indented(text: string, indent: string): string {
  return text.replaceAll("\n", `\n${indent}`);
}
