import { chmodSync, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import type { Surface } from "./core/fact.ts";
import { foundAfter, isRoot } from "./testing/planted.ts";

const name = `left-${process.pid}`;

/** Writes a file, with the directories above it, all of which go when the test ends. */
function plantFile(path: string, content: string): void {
  const made: string[] = [];
  for (let directory = dirname(path); !existsSync(directory); directory = dirname(directory)) made.push(directory);
  onTestFinished(() => {
    rmSync(path, { force: true });
    for (const directory of made)
      if (existsSync(directory) && readdirSync(directory).length === 0) rmdirSync(directory);
  });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

interface Plant {
  readonly surface: Surface;
  readonly path: string;
  readonly content: string;
  readonly location?: string;
  readonly subject: RegExp;
}

/** None of these does anything: what would run is not there, or commented out. */
const plants: readonly Plant[] = [
  {
    ...{ surface: "services", path: `/run/systemd/transient/${name}.service`, content: "[Service]\n" },
    subject: /^systemd unit /,
  },
  {
    ...{ surface: "services", path: `/etc/systemd/system/${name}.timer`, content: "[Timer]\nOnCalendar=2099-01-01\n" },
    subject: /^systemd unit /,
  },
  {
    ...{ surface: "services", path: `/var/lib/systemd/linger/${name}`, content: "" },
    subject: /^user whose services run without a login, /,
  },
  {
    ...{ surface: "services", path: `/etc/xdg/autostart/${name}.desktop`, content: "[Desktop Entry]\nHidden=true\n" },
    subject: /^program started at login /,
  },
  {
    surface: "services",
    path: `/etc/udev/rules.d/99-${name}.rules`,
    content: "# nothing\n",
    subject: /^rule of udev /,
  },
  { surface: "services", path: `/etc/tmpfiles.d/${name}.conf`, content: "# nothing\n", subject: /^rule of tmpfiles / },
  {
    ...{ surface: "crontabs", path: `/var/spool/cron/atjobs/${name}`, content: "#!/bin/sh\n" },
    subject: /^at job left-\d+ of user 0$/,
  },
  {
    ...{ surface: "configuration", path: `/etc/sudoers.d/${name}`, content: "# nothing\n" },
    location: `/etc/sudoers.d/${name}:1`,
    subject: /^line of /,
  },
];

describe.skipIf(!isRoot || process.platform !== "linux")("left behind in this host's own places (needs root)", () => {
  it.each(plants)("$path is found", async ({ surface, path, content, location = path, subject }) => {
    const found = await foundAfter(() => {
      plantFile(path, content);
      chmodSync(path, 0o440);
      return surface === "crontabs" ? subject : location;
    }, [surface]);
    expect(found.map((finding) => [finding.surface, finding.change])).toEqual([[surface, "appeared"]]);
    expect(found[0]?.subject).toMatch(subject);
  });
});
