import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { recordedFiles } from "../../testing/recorded-files.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { collectConfiguration } from "./configuration.ts";

describe("shared configuration", () => {
  it("is told line by line, comments too, in /etc and in homes; the same line twice is two", () => {
    const root = recordedFiles({
      "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nann:x:7:7::/home/ann:/bin/sh\n",
      "etc/hosts": "127.0.0.1 localhost\n\n# by hand\n127.0.0.1 localhost\n",
      "home/ann/.bashrc": "export X='a b'\n",
      "root/.ssh/authorized_keys": "ssh-ed25519 AAAA me\xe9\n",
      "home/bob/.bashrc": "of nobody in the table of users\n",
    });
    const { facts, unseen } = collectConfiguration(root);
    expect(facts.map(({ key }) => key.replaceAll(root, ""))).toEqual([
      "/etc/passwd: root:x:0:0:root:/root:/bin/sh",
      "/etc/passwd: ann:x:7:7::/home/ann:/bin/sh",
      "/etc/hosts: 127.0.0.1 localhost",
      "/etc/hosts: # by hand",
      "/etc/hosts: 127.0.0.1 localhost (2)",
      "/root/.ssh/authorized_keys: ssh-ed25519 AAAA me\xe9",
      "/home/ann/.bashrc: export X='a b'",
    ]);
    expect(facts.at(-1)).toMatchObject({
      location: `${root}/home/ann/.bashrc:1`,
      file: `${root}/home/ann/.bashrc`,
      show: `grep -nF -- 'export X='\\''a b'\\''' ${root}/home/ann/.bashrc`,
    });
    expect(unseen).toEqual([]);
  });

  it("is told of lists that are kept in parts", () => {
    const root = recordedFiles({
      "etc/sudoers.d/left": "ann ALL=(ALL) NOPASSWD: ALL\n",
      "var/lib/dpkg/statoverride": "root root 4755 /x\n",
    });
    expect(collectConfiguration(root).facts.map(({ location }) => location.slice(root.length))).toEqual([
      "/var/lib/dpkg/statoverride:1",
      "/etc/sudoers.d/left:1",
    ]);
  });

  it("tells of passwords only that they changed", () => {
    const shadow = (hash: string) =>
      collectConfiguration(recordedFiles({ "etc/shadow": `ann:${hash}:1:0:9:7:::\n` })).facts[0];
    const [one, other] = [shadow("$6$first"), shadow("$6$second")];
    expect(one?.attributes["line"]).toMatch(/^ann:\(digest [0-9a-f]{16}\)$/);
    expect(one?.attributes).not.toEqual(other?.attributes);
    expect(JSON.stringify(one)).not.toContain("first");
  });

  it("waits for no pipe, and takes no directory for a file", () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, "etc/hosts"), { recursive: true });
    writeFileSync(join(root, "etc/passwd"), "");
    execFileSync("mkfifo", [join(root, "etc/fstab")]);
    expect(collectConfiguration(root)).toEqual({ facts: [], unseen: [] });
  });
});
