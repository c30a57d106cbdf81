import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { temporaryDirectory } from "../../testing/temporary-home.ts";

/** A home of a user, with nothing in it, that is gone after the test. */
export class TreeBed {
  readonly userHome = temporaryDirectory();

  /** Each path with its mode and its content or target. */
  scan(): Record<string, string> {
    const tree: Record<string, string> = {};
    for (const name of readdirSync(this.userHome, { recursive: true, encoding: "utf8" })) {
      const path = join(this.userHome, name);
      const stat = lstatSync(path);
      const content = stat.isFile() ? readFileSync(path, "utf8") : stat.isSymbolicLink() ? readlinkSync(path) : "";
      tree[name] = `${stat.mode.toString(8)} ${content}`;
    }
    return tree;
  }

  /** Writes a file of somebody else's, and the directories to it. */
  write(name: string, content: string): string {
    const path = join(this.userHome, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  directory(name: string): void {
    mkdirSync(join(this.userHome, name), { recursive: true, mode: 0o700 });
  }

  read(name: string): string {
    return readFileSync(join(this.userHome, name), "utf8");
  }
}
