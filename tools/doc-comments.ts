/** The text of every docstring of a source, each on one line, without its stars. */
export function docComments(source: string): string[] {
  return [...source.matchAll(/\/\*\*(.*?)\*\//gs)].map(([, text = ""]) => text.replace(/\s*\n\s*\*?\s*/g, " ").trim());
}
