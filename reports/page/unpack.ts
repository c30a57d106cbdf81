/** What an element of the page holds as base64 of gzip. Nothing where there is no such element. */
export async function unpackBytes(id: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const text = document.getElementById(id)?.textContent;
  if (text === undefined || text === null) return undefined;
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export async function unpackText(id: string): Promise<string | undefined> {
  const bytes = await unpackBytes(id);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
