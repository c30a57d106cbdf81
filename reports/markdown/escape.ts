import { printable } from "../text/printable.ts";

/**
 * Text for a line or a table's cell of GitHub-flavoured Markdown: whatever a job chose as a name is shown as it is, and
 * neither begins a heading, a link or a mention, nor is it HTML.
 */
export function markdownText(text: string): string {
  return printable(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\\`*_{}[\]()#+!|~$]/g, (character) => `\\${character}`)
    .replaceAll("@", "@\u{200b}");
}

/** Text as code, with as many backquotes around it as it needs (CommonMark 0.31, 6.1). */
export function markdownCode(text: string): string {
  const shown = printable(text).replaceAll("|", "\\|");
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = shown.startsWith("`") || shown.endsWith("`") ? " " : "";
  return `${fence}${pad}${shown}${pad}${fence}`;
}
