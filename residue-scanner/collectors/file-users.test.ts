import { execFileSync, spawn } from "node:child_process";
import { closeSync, openSync, symlinkSync, watch } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { atOnce } from "../core/steps.ts";
import { readUsers, writableMappings } from "./file-users.ts";

describe("whoever can write to a file", () => {
  it.runIf(process.platform === "linux")("is who has it open for writing, and nobody who only reads it", () => {
    const [written, read] = ["written", "read"].map((name) => join(temporaryDirectory(), name)) as [string, string];
    closeSync(openSync(read, "w"));
    const held = [openSync(written, "w"), openSync(read, "r")];
    onTestFinished(() => held.forEach(closeSync));
    const users = atOnce(readUsers(new Set([written, read])));
    expect(users.get(written)).toEqual({ readers: [], writers: [process.pid] });
    expect(users.get(read)).toEqual({ readers: [process.pid], writers: [] });
  });

  it.runIf(process.platform === "linux")("is who waits for somebody to open a named pipe, too", async () => {
    const directory = temporaryDirectory();
    const pipe = join(directory, "orders");
    execFileSync("mkfifo", [pipe]);
    const reader = spawn("sh", ["-c", "read -r order < orders"], { cwd: directory, stdio: "ignore" });
    onTestFinished(() => void reader.kill("SIGKILL"));
    symlinkSync("orders", join(directory, "link"));
    const opening = 'require("node:fs").open("link", "r", () => {})';
    const inThread = spawn(process.execPath, ["-e", opening], { cwd: directory, stdio: "ignore" });
    onTestFinished(() => void inThread.kill("SIGKILL"));
    const find = () => atOnce(readUsers(new Set([pipe]), [pipe])).get(pipe);
    const readers = [reader.pid, inThread.pid].map(Number).sort((one, other) => one - other);
    await expect.poll(find, { timeout: 30_000 }).toEqual({ readers, writers: [] });
  });

  it.runIf(process.platform === "linux")(
    "is not who watches it, or the directory in which it lies, who is told apart",
    () => {
      const directory = temporaryDirectory();
      const [watched, other] = ["watched", "other"].map((name) => join(directory, name)) as [string, string];
      for (const path of [watched, other]) closeSync(openSync(path, "w"));
      const find = () => atOnce(readUsers(new Set([watched, other, directory])));
      const watcher = watch(watched);
      onTestFinished(() => watcher.close());
      expect(find().get(watched)).toEqual({ readers: [], writers: [], watchers: [process.pid] });
      expect(find().get(other)).toBeUndefined();
      const above = watch(directory);
      onTestFinished(() => above.close());
      expect(find().get(other)?.watchers).toEqual([process.pid]);
      expect(find().get(directory)?.watchers).toEqual([process.pid]);
    },
  );

  it("is who shares it in memory, too", () => {
    const maps = [
      "7f2a1c000000-7f2a1c001000 rw-s 00000000 fe:00 131 /var/lib/journal file",
      "7f2a1c001000-7f2a1c002000 r--s 00000000 fe:00 132 /usr/lib/locale/C.utf8",
      "7f2a1c002000-7f2a1c003000 rw-p 00000000 fe:00 133 /usr/lib/libc.so.6",
      String.raw`7f2a1c003000-7f2a1c004000 rwxs 00001000 fe:00 134 /tmp/a\012b`,
      "7f2a1c004000-7f2a1c005000 rw-s 00000000 00:01 135                        ",
      "7ffd00000000-7ffd00001000 rw-p 00000000 00:00 0  [stack]",
    ];
    expect(writableMappings(maps.join("\n"))).toEqual(["/var/lib/journal file", "/tmp/a\nb"]);
  });
});
