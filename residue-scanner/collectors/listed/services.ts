import { hash } from "node:crypto";
import { type Dirent, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

import { systemCode } from "../../../foundation/errors.ts";
import type { FactAttributes } from "../../../protocol/residue-report.ts";
import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { shellPath } from "../../core/path-text.ts";
import { homesBelow } from "./homes.ts";

interface Place {
  /** Below the root, or below each home. */
  readonly path: string;
  /** What stands there. */
  readonly what: string;
  /** Packages' own places: which names there are is enough, for what is in them is told as files. */
  readonly namesOnly?: boolean;
}

/** Where it stands what is started, and when, without anybody asking: systemd.unit(5), init(8), udev(7), tmpfiles.d(5). */
const places: readonly Place[] = [
  ...["etc/systemd/system", "etc/systemd/user", "etc/systemd/system.control"].map(unitsIn),
  ...["run/systemd/system", "run/systemd/transient", "run/systemd/user", "run/systemd/system.control"].map(unitsIn),
  ...["usr/lib/systemd/system", "usr/lib/systemd/user", "lib/systemd/system"].map((path) => ({
    ...unitsIn(path),
    namesOnly: true,
  })),
  ...["usr/local/lib/systemd/system", "usr/local/lib/systemd/user"].map(unitsIn),
  { path: "var/lib/systemd/linger", what: "user whose services run without a login," },
  { path: "etc/init.d", what: "init script" },
  ...["0", "1", "2", "3", "4", "5", "6", "S"].map((level) => ({ path: `etc/rc${level}.d`, what: "link of init" })),
  { path: "etc/xdg/autostart", what: "program started at login" },
  { path: "etc/udev/rules.d", what: "rule of udev" },
  { path: "run/udev/rules.d", what: "rule of udev" },
  { path: "usr/lib/udev/rules.d", what: "rule of udev", namesOnly: true },
  { path: "etc/tmpfiles.d", what: "rule of tmpfiles" },
  { path: "run/tmpfiles.d", what: "rule of tmpfiles" },
  { path: "usr/lib/tmpfiles.d", what: "rule of tmpfiles", namesOnly: true },
  { path: "etc/dbus-1/system.d", what: "policy of D-Bus" },
  { path: "usr/share/dbus-1/system-services", what: "service of D-Bus", namesOnly: true },
  { path: "etc/xinetd.d", what: "service of inetd" },
  { path: "etc/NetworkManager/dispatcher.d", what: "script that runs when the network changes" },
  { path: "etc/network/if-up.d", what: "script that runs when the network changes" },
  { path: "etc/update-motd.d", what: "script that runs at login" },
  { path: "etc/apt/apt.conf.d", what: "setting of apt, which may run programs," },
  { path: "etc/logrotate.d", what: "rule of logrotate, which may run programs," },
];
const homePlaces: readonly Place[] = [
  unitsIn(".config/systemd/user"),
  unitsIn(".local/share/systemd/user"),
  { path: ".config/autostart", what: "program started at login" },
  { path: ".local/share/dbus-1/services", what: "service of D-Bus" },
];

function unitsIn(path: string): Place {
  return { path, what: "systemd unit" };
}

/** `multi-user.target.wants/x.service`, `x.service.d/y.conf` */
const depthMax = 2;
/** No unit or script is that long. */
const bytesMax = 262_144;

/** Services, timers, rules and scripts that the host starts by itself, one a file. */
export function collectServices(root = "/"): ListedReading {
  const refused: string[] = [];
  const facts: ListedFact[] = [];
  const homes = homesBelow(root);
  const all = [
    ...places,
    ...homes.flatMap((home) => homePlaces.map((place) => ({ ...place, path: join(home, place.path) }))),
  ];
  // Where it only leads to /usr/lib, as it mostly does, everything would be told twice.
  const twice = isLink(join(root, "lib")) ? /^lib\// : /^$/;
  for (const place of all.filter(({ path }) => !twice.test(path)))
    facts.push(...readPlace({ ...place, path: join(root, place.path) }, { refused, depth: 1 }));
  const [first] = refused;
  const unseen = first === undefined ? [] : [`${refused.length} places of services cannot be read, ${first} for one`];
  return { facts: [...new Map(facts.map((fact) => [fact.key, fact])).values()], unseen };
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function readPlace(place: Place, { refused, depth }: { refused: string[]; depth: number }): ListedFact[] {
  return entriesOf(place.path, refused).flatMap((entry) => {
    const path = `${place.path}/${entry.name}`;
    if (!entry.isDirectory()) return factOf(path, { place, entry, refused });
    return depth < depthMax ? readPlace({ ...place, path }, { refused, depth: depth + 1 }) : [];
  });
}

function entriesOf(directory: string, refused: string[]): Dirent[] {
  try {
    return readdirSync(Buffer.from(directory, "latin1"), { withFileTypes: true, encoding: "latin1" });
  } catch (error) {
    if (!["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) refused.push(directory);
    return [];
  }
}

function factOf(
  path: string,
  { place, entry, refused }: { place: Place; entry: Dirent; refused: string[] },
): ListedFact[] {
  const attributes = place.namesOnly === true ? {} : attributesOf(path, { entry, refused });
  if (attributes === null) return [];
  const target = typeof attributes["target"] === "string" ? ` -> ${attributes["target"]}` : "";
  return [
    {
      key: path,
      subject: `${place.what} ${path}${target}`,
      location: path,
      uid: null,
      file: path,
      attributes,
      show: target === "" ? `cat ${shellPath(path)}` : `ls -l ${shellPath(path)}`,
    },
  ];
}

/** Null where it is gone by now. */
function attributesOf(path: string, { entry, refused }: { entry: Dirent; refused: string[] }): FactAttributes | null {
  const bytePath = Buffer.from(path, "latin1");
  try {
    if (entry.isSymbolicLink()) return { target: readlinkSync(bytePath, "latin1") };
    const { mode, size } = lstatSync(bytePath);
    const permissions = (mode & 0o7777).toString(8);
    // A pipe would keep whoever opens it.
    if (!entry.isFile() || size > bytesMax) return { permissions };
    return { permissions, content: hash("sha256", readFileSync(bytePath)).slice(0, 16) };
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    refused.push(path);
    return {};
  }
}
