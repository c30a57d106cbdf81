import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { systemCode } from "../../../foundation/errors.ts";
import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { homesBelow } from "./homes.ts";
import { shellPath } from "../../core/path-text.ts";

interface Kind {
  readonly what: string;
  /** A directory with an entry for each. */
  readonly path: string;
  /** A file in each entry that says the name of what has only a number. */
  readonly nameIn?: string;
  readonly show: (id: string) => string;
}

const digits = /^[0-9a-f]{64}$/;
const docker: readonly Kind[] = [
  { what: "container", path: "containers", nameIn: "config.v2.json", show: (id) => `docker inspect ${id}` },
  { what: "image", path: "image/overlay2/imagedb/content/sha256", show: (id) => `docker image inspect ${id}` },
  { what: "image", path: "image/vfs/imagedb/content/sha256", show: (id) => `docker image inspect ${id}` },
  { what: "volume", path: "volumes", show: (id) => `docker volume inspect ${id}` },
];
const podman: readonly Kind[] = [
  { what: "container", path: "overlay-containers", show: (id) => `podman inspect ${id}` },
  { what: "container", path: "vfs-containers", show: (id) => `podman inspect ${id}` },
  { what: "image", path: "overlay-images", show: (id) => `podman image inspect ${id}` },
  { what: "image", path: "vfs-images", show: (id) => `podman image inspect ${id}` },
  { what: "volume", path: "volumes", show: (id) => `podman volume inspect ${id}` },
];
const others: readonly Kind[] = [
  { what: "container of LXC", path: "var/lib/lxc", show: (id) => `lxc-info -n ${id}` },
  { what: "machine of systemd", path: "var/lib/machines", show: (id) => `machinectl show ${id}` },
  { what: "virtual machine", path: "etc/libvirt/qemu", show: (id) => `virsh dominfo ${id.replace(/\.xml$/, "")}` },
];
/** Beside the entries: what the engine keeps for itself. */
const engineFiles = new Set(["backingFsBlockDev", "metadata.db", "networks", "autostart", "lxc-monitord.log"]);

/** Containers, images and volumes, as the engines keep them on disk: none of these need run. */
export function collectContainers(root = "/"): ListedReading {
  const facts: ListedFact[] = [];
  const refused: string[] = [];
  const read = (engine: string, base: string, kinds: readonly Kind[]) => {
    for (const kind of kinds)
      facts.push(...readKind(kind, { engine, directory: join(root, base, kind.path), refused }));
  };
  read("docker", "var/lib/docker", docker);
  const homes = homesBelow(root).map((home) => join(home, ".local/share/containers/storage"));
  for (const base of ["var/lib/containers/storage", ...homes]) read("podman", base, podman);
  read("host", "", others);
  const unseen =
    refused.length === 0 ? [] : [`${refused.length} places of containers cannot be listed, ${refused[0]} for one`];
  // Of another engine than docker, its own tools know.
  const containerd = join(root, "var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db");
  if (existsSync(containerd)) unseen.push("what containerd keeps is not read, save through docker");
  return { facts, unseen };
}

function readKind(
  { what, nameIn, show }: Kind,
  { engine, directory, refused }: { engine: string; directory: string; refused: string[] },
): ListedFact[] {
  return namesIn(directory, refused)
    .filter((id) => !engineFiles.has(id) && !/\.(?:json|lock)$/.test(id))
    .map((id) => {
      const name = nameIn === undefined ? "" : nameOf(join(directory, id, nameIn));
      const short = digits.test(id) ? id.slice(0, 12) : id;
      return {
        key: `${directory}/${id}`,
        subject: `${what} ${name === "" ? short : `${name} (${short})`}${engine === "host" ? "" : ` of ${engine}`}`,
        location: `${directory}/${id}`,
        uid: null,
        attributes: { id, name },
        show: show(shellPath(short)),
      };
    });
}

function namesIn(directory: string, refused: string[]): string[] {
  try {
    return readdirSync(directory, "latin1").sort();
  } catch (error) {
    if (!["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) refused.push(directory);
    return [];
  }
}

function nameOf(path: string): string {
  try {
    const name: unknown = JSON.parse(readFileSync(path, "utf8"))?.Name;
    return typeof name === "string" ? name.replace(/^\//, "") : "";
  } catch {
    // Half made, or half removed.
    return "";
  }
}
