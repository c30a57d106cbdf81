import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, symlinkSync, watch } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { watchFor } from "../testing/inotify.ts";
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
      const itself = [process.pid];
      expect(find().get(watched)).toEqual({ readers: [], writers: [], watchers: { itself } });
      expect(find().get(other)).toBeUndefined();
      const above = watch(directory);
      onTestFinished(() => above.close());
      expect(find().get(other)?.watchers).toEqual({ itself });
      expect(find().get(directory)?.watchers).toEqual({ itself, within: itself });
    },
  );

  it.runIf(process.platform === "linux")(
    "is not who watches what lies above its directory, or what it leads to",
    () => {
      const directory = temporaryDirectory();
      const [below, deep, link] = ["below", "below/deep", "below/link"].map((name) => join(directory, name)) as [
        string,
        string,
        string,
      ];
      mkdirSync(below);
      closeSync(openSync(deep, "w"));
      const target = join(temporaryDirectory(), "target");
      closeSync(openSync(target, "w"));
      symlinkSync(target, link);
      for (const path of [directory, link]) {
        const watcher = watch(path);
        onTestFinished(() => watcher.close());
      }
      const users = atOnce(readUsers(new Set([below, deep, link, target])));
      const itself = [process.pid];
      expect(users).toEqual(
        new Map([
          [below, { readers: [], writers: [], watchers: { itself, within: [] } }],
          [target, { readers: [], writers: [], watchers: { itself } }],
        ]),
      );
    },
  );

  it.runIf(process.platform === "linux")("is told of no more than he asked for", () => {
    const directory = temporaryDirectory();
    const file = join(directory, "file");
    closeSync(openSync(file, "w"));
    const find = () => atOnce(readUsers(new Set([directory, file])));
    // IN_ACCESS and IN_CLOSE_NOWRITE
    watchFor([directory, file], 0x1 | 0x10);
    expect(find().size).toBe(0);
    // IN_ATTRIB, IN_DELETE_SELF and IN_MOVE_SELF
    watchFor([directory], 0x4 | 0x400 | 0x800);
    const [pids, attributes] = [[process.pid], new Map([[process.pid, ["attributes"]]])];
    const onlyOfItself = new Map([[process.pid, ["created", "deleted", "moved-from", "moved-to", "attributes"]]]);
    expect(find().get(directory)?.watchers).toEqual({
      ...{ itself: pids, onlyOfItself },
      ...{ within: pids, onlyWithin: attributes },
    });
    expect(find().get(file)?.watchers).toEqual({ itself: pids, onlyOfItself: attributes });
    // IN_MOVED_TO and IN_CREATE
    watchFor([directory], 0x80 | 0x100);
    const ofBoth = new Map([[process.pid, ["created", "moved-to", "attributes"]]]);
    expect(find().get(directory)?.watchers).toMatchObject({ onlyOfItself, onlyWithin: ofBoth });
  });

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
