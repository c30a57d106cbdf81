import { createHash } from "node:crypto";

import type { PageBundle } from "./page-bundle.ts";

/**
 * What a page may do: run its own program and use its own style, known by their digests, and nothing else. A page that
 * is served may ask its server for more, and nobody else (Content Security Policy Level 3).
 */
export function contentSecurityPolicy({ script, style, served }: PageBundle & { readonly served: boolean }): string {
  const rules = [
    "default-src 'none'",
    `script-src '${digest(script)}'`,
    `style-src '${digest(style)}'`,
    ...(served ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return rules.join("; ");
}

function digest(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
