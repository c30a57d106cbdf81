import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { recordedFiles } from "../../testing/recorded-files.ts";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { collectServices } from "./services.ts";

describe("services", () => {
  const files = {
    "etc/passwd": "ann:x:7:7::/home/ann:/bin/sh\n",
    "etc/systemd/system/left.service": "[Service]\nExecStart=/x\n",
    "etc/systemd/system/left.service.d/more.conf": "[Service]\n",
    "run/systemd/transient/run-u1.timer": "[Timer]\n",
    "usr/lib/systemd/system/a.service": "",
    "var/lib/systemd/linger/ann": "",
    "etc/init.d/left": "#!/bin/sh\n",
    "etc/udev/rules.d/9-left.rules": "",
    "home/ann/.config/systemd/user/own.service": "[Service]\n",
    "home/ann/.config/autostart/left.desktop": "",
  };

  it("are told one a file, of the host and of homes, with what they are and what they say", () => {
    const root = recordedFiles(files);
    symlinkSync("/usr/lib/systemd/system/a.service", join(root, "etc/systemd/system/alias.service"));
    // As most hosts have it, where everything would else be told twice.
    symlinkSync("usr/lib", join(root, "lib"));
    const { facts, unseen } = collectServices(root);
    expect(unseen).toEqual([]);
    expect(facts.map(({ subject }) => subject.replaceAll(root, "")).sort()).toEqual([
      "init script /etc/init.d/left",
      "program started at login /home/ann/.config/autostart/left.desktop",
      "rule of udev /etc/udev/rules.d/9-left.rules",
      "systemd unit /etc/systemd/system/alias.service -> /usr/lib/systemd/system/a.service",
      "systemd unit /etc/systemd/system/left.service",
      "systemd unit /etc/systemd/system/left.service.d/more.conf",
      "systemd unit /home/ann/.config/systemd/user/own.service",
      "systemd unit /run/systemd/transient/run-u1.timer",
      "systemd unit /usr/lib/systemd/system/a.service",
      "user whose services run without a login, /var/lib/systemd/linger/ann",
    ]);
    expect(new Set(facts.map(({ key }) => key)).size).toBe(facts.length);
  });

  it("are the same as long as they say the same, and changed when that or their mode does", () => {
    const unit = "etc/systemd/system/left.service";
    const read = (content: string, mode = 0o644) => {
      const root = recordedFiles({ [unit]: content });
      chmodSync(join(root, unit), mode);
      return collectServices(root).facts[0]?.attributes;
    };
    expect(read("one")).toEqual(read("one"));
    expect(read("one")).not.toEqual(read("two"));
    expect(read("one")).not.toEqual(read("one", 0o755));
  });

  it("have names of any bytes", () => {
    const root = recordedFiles({ "etc/init.d/plain": "" });
    symlinkSync("x", Buffer.concat([Buffer.from(`${root}/etc/init.d/`), Buffer.from([0xff, 0x0a])]));
    expect(collectServices(root).facts.map(({ key }) => key.slice(root.length))).toContain("/etc/init.d/\xff\n");
  });

  it("are none where there is none of these places", () => {
    expect(collectServices(temporaryDirectory())).toEqual({ facts: [], unseen: [] });
  });
});
