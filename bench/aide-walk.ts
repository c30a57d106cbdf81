import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = "aide";

export function hasAide(): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/**
 * Lets AIDE make its database of these directories, metadata with extended attributes and no checksums. It takes tens of
 * seconds for what the others take one for, so it runs once.
 *
 * @returns entries in its database, and seconds
 */
export function walkWithAide(roots: readonly string[]): { entries: number; seconds: number } {
  const directory = mkdtempSync(join(tmpdir(), "houseguest-bench-"));
  try {
    const database = join(directory, "database");
    const rules = roots.map((root) => `${root === "/" ? "/" : root.replaceAll(/[^\w/-]/g, String.raw`\$&`)} Metadata`);
    const config = join(directory, "aide.conf");
    const head = `database_out=file:${database}\ngzip_dbout=no\nMetadata=ftype+p+i+n+u+g+s+m+c+acl+xattrs\n`;
    writeFileSync(config, `${head}${rules.join("\n")}\n!/proc\n!/sys\n!${directory}\n`);
    const started = performance.now();
    const { status, stderr } = spawnSync(program, ["--init", "--config", config], { encoding: "utf8" });
    const seconds = (performance.now() - started) / 1000;
    if (status !== 0) throw new Error(`aide ended with ${status}: ${stderr}`);
    const counted = spawnSync("grep", ["-c", "^/", database], { encoding: "utf8" });
    return { entries: Number(counted.stdout), seconds };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
