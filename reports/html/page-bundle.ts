import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { systemCode, UsageError } from "../../foundation/errors.ts";

/** The page's program and its style, as `npm ci` built them from reports/page (tools/build-page.mjs). */
export interface PageBundle {
  readonly script: string;
  readonly style: string;
}

const built = resolve(import.meta.dirname, "../page/built");
let known: PageBundle | undefined;

/** @throws UsageError `page-not-built` */
export function pageBundle(): PageBundle {
  known ??= { script: partOf("page.js"), style: partOf("page.css") };
  return known;
}

function partOf(name: string): string {
  try {
    return readFileSync(join(built, name), "utf8");
  } catch (error) {
    throw new UsageError(`The report's page is not built: ${systemCode(error) ?? String(error)} at ${built}.`, {
      code: "page-not-built",
      next: "Build it with `npm run build:page` in Houseguest's own folder; `npm ci` does it too, unless told to run no scripts.",
      cause: error,
    });
  }
}
