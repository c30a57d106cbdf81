import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type BrowserContext, chromium } from "playwright-core";

/** Debian's; Playwright's own download is not to be had everywhere. */
const executablePath = "/usr/bin/chromium";

/** Why no test in a browser can run here; undefined where they can. */
export function noChromium(): string | undefined {
  try {
    accessSync(executablePath, constants.X_OK);
    return undefined;
  } catch {
    return `there is no ${executablePath} (Debian's package chromium)`;
  }
}

export interface OpenChromium {
  readonly context: BrowserContext;
  /** Ends it, and takes away all that it wrote: its home and its temporary files are in a directory of their own. */
  close(): Promise<void>;
}

/** A browser with nothing of this user's, and no reason to ask anybody for anything. */
export async function openChromium(): Promise<OpenChromium> {
  const home = mkdtempSync(join(tmpdir(), "houseguest-chromium-"));
  const removed = () => rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  try {
    const context = await chromium.launchPersistentContext(join(home, "profile"), {
      executablePath,
      headless: true,
      args: [
        ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
        ...["--disable-component-update", "--disable-sync"],
      ],
      env: { PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
      viewport: { width: 1280, height: 860 },
      timeout: 90_000,
    });
    context.setDefaultTimeout(60_000);
    return {
      context,
      close: async () => {
        await context.close();
        removed();
      },
    };
  } catch (error) {
    removed();
    throw error;
  }
}
