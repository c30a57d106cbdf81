import { type PageData, pageElements } from "../page/page-data.ts";
import { pageBundle } from "./page-bundle.ts";
import { contentSecurityPolicy } from "./security-policy.ts";

export interface PageHead {
  readonly title: string;
  readonly data: PageData;
  /** Whether it comes from `reports serve`, and may ask there for more. */
  readonly served: boolean;
}

/**
 * A whole page, in parts. What it shows at first, and the program that shows it, come before what is `more`: a browser
 * has drawn the one while it still reads the other.
 *
 * @throws UsageError `page-not-built`
 */
export function* pageParts({ title, data, served }: PageHead, more?: () => Iterable<string>): Generator<string> {
  const { script, style } = pageBundle();
  const policy = contentSecurityPolicy({ script, style, served });
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapedText(title)}</title>
<style>${style}</style>
</head>
<body>
<div id="page"><noscript>This report needs JavaScript: it unpacks the run's history, and loads nothing.</noscript></div>
<script type="application/json" id="${pageElements.data}">${escapedJson(data)}</script>
<script>${script}</script>
`;
  if (more !== undefined) yield* more();
  yield "</body>\n</html>\n";
}

/** @param text base64 */
export function dataElement(id: string, text: string): string {
  return `<script type="text/plain" id="${id}">${text}</script>\n`;
}

/** Within an element of a script nothing ends it but `</script`, and `<!--` may hide that: no `<` is left (HTML 4.12.1.3). */
function escapedJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function escapedText(text: string): string {
  return text.toWellFormed().replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
