import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryDirectory } from "../../testing/temporary-home.ts";
import { Crontab } from "../crontab.ts";
import type { Hook } from "../hook.ts";
import { argumentsOf } from "./recorded-start.ts";
import { type CrontabBed, rebootCommand } from "./crontab-situations.ts";

/** A crontab(1) of the test's own, which does what Debian's does, and at which others can be made to write meanwhile. */
export class FakeCrontab implements CrontabBed {
  readonly directory = temporaryDirectory();
  readonly #table = join(this.directory, "table");
  readonly #program = join(this.directory, "crontab");

  constructor() {
    writeFileSync(this.#program, script(this.directory));
    chmodSync(this.#program, 0o755);
  }

  make(hook: Hook): Crontab {
    return new Crontab({ hook, command: [this.#program], user: "tester" });
  }

  /** Shell text that runs once, right before the n-th call of the program. */
  beforeCall(call: number, text: string): void {
    writeFileSync(join(this.directory, `call-${call}`), text);
    rmSync(join(this.directory, "calls"), { force: true });
  }

  /** From now on every call fails with this message; null ends it. */
  refuse(message: string | null): void {
    const path = join(this.directory, "refuses");
    if (message === null) rmSync(path, { force: true });
    else writeFileSync(path, `${message}\n`);
  }

  table(content: Buffer): void {
    writeFileSync(this.#table, content);
  }

  scan(): Buffer | null {
    return existsSync(this.#table) ? readFileSync(this.#table) : null;
  }

  text(): string | undefined {
    return this.scan()?.toString("latin1");
  }

  started(): string[] {
    return argumentsOf(rebootCommand(this.scan()?.toString() ?? ""));
  }
}

function script(directory: string): string {
  return `#!/bin/sh
cd '${directory}' || exit 70
n=$(($(cat calls 2>/dev/null || echo 0) + 1)); echo $n > calls
[ -e call-$n ] && . ./call-$n
[ -e refuses ] && { cat refuses >&2; exit 1; }
[ "$1" = -u ] && { echo "$2" >> users; shift 2; }
case "$1" in
-l) [ -e table ] || { echo "no crontab for tester" >&2; exit 1; }; sed 's/\\r/\\\\r/g' table ;;
-e) $VISUAL table ;;
-r) [ -e table ] || { echo "no crontab for tester" >&2; exit 1; }; rm table ;;
-) cat > new
   if [ -s new ] && [ "$(tail -c 1 new | wc -l)" = 0 ] && ! tail -n 1 new | grep -q '^[[:space:]]*#'; then
     echo "new crontab file is missing newline before EOF, can't install." >&2; exit 1
   fi
   mv new table ;;
esac
`;
}
