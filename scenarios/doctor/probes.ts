import { execPath, version } from "node:process";

import { cgroupProbe } from "./cgroup-probe.ts";
import { commandProbe } from "./command-probe.ts";
import { placeProbe, portProbe, roomProbe } from "./place-probes.ts";
import type { Probe } from "./probe.ts";
import { recorderProbe } from "./recorder-probe.ts";
import { redisProbe } from "./redis-probe.ts";
import { straceProbe } from "./strace-probe.ts";

const asRoot = "Run it as root: sudo npx scenarios …";
const nodeMajorMin = 24;

const platformProbe: Probe = {
  name: "linux",
  for: "the stages on real processes: cgroups and /proc",
  attempt: async () => {
    const status = process.platform === "linux" ? "ok" : "no";
    return { status, detail: status === "ok" ? "Linux" : `this is ${process.platform}` };
  },
  remedy: () => "Run it on Linux, or in virtual time: --stage sim",
};

const nodeProbe: Probe = {
  name: "node",
  for: "everything: the sources run as they are",
  attempt: async () => {
    const status = Number(version.slice(1).split(".")[0]) >= nodeMajorMin ? "ok" : "no";
    return { status, detail: `${version} (${execPath})` };
  },
  remedy: () => "npm ci",
};

const rootProbe: Probe = {
  name: "root",
  for: "all of the host is seen, and network namespaces can be made",
  attempt: async () => {
    const user = process.geteuid?.();
    return user === 0
      ? { status: "ok", detail: "uid 0" }
      : { status: "part", detail: `uid ${user}: of other users' processes and files little is seen` };
  },
  remedy: () => asRoot,
};

const commands = [
  {
    name: "bubblewrap",
    for: "jobs in namespaces of their own, with a host that they cannot write to",
    command: ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true"],
    install: "apt install bubblewrap",
    otherwise: "sysctl -w kernel.unprivileged_userns_clone=1, or: " + asRoot,
  },
  {
    name: "network-namespace",
    for: "the stage netns, and faults of the network",
    command: ["unshare", "-n", "ip", "link", "add", "name", "hg0", "type", "veth", "peer", "name", "hg1"],
    install: "apt install util-linux iproute2",
    otherwise: asRoot,
  },
  {
    name: "nftables",
    for: "partitions by filter",
    command: ["unshare", "-n", "nft", "add", "table", "inet", "houseguest"],
    install: "apt install nftables",
    otherwise: asRoot,
  },
  {
    name: "iptables",
    for: "partitions by filter where there is no nftables",
    command: ["unshare", "-n", "iptables", "-A", "INPUT", "-j", "DROP"],
    install: "apt install iptables",
    otherwise: asRoot,
  },
  {
    name: "mount",
    for: "a full disk, and one that is read-only: a small tmpfs",
    command: ["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"],
    install: "apt install mount util-linux",
    otherwise: asRoot,
  },
  {
    name: "time-namespace",
    for: "a clock that jumps",
    command: ["unshare", "--time", "--monotonic", "10", "true"],
    install: "apt install util-linux",
    otherwise: asRoot,
  },
  {
    name: "stress-ng",
    for: "load on CPUs, memory and disks",
    command: ["stress-ng", "--cpu", "1", "--cpu-ops", "1", "--quiet"],
    install: "apt install stress-ng",
    otherwise: "apt install --reinstall stress-ng",
  },
  {
    name: "crontab",
    for: "agents and jobs with entries in a crontab",
    // It ends with 1 where there is no crontab yet, too.
    command: [
      ...["/bin/sh", "-c"],
      "command -v crontab >/dev/null || { echo crontab is not installed; exit 1; }; " +
        'said=$(crontab -l 2>&1 >/dev/null); case $said in *"UID isn\'t"*) echo this user has no name; exit 1 ;; esac',
    ],
    install: "apt install cron",
    otherwise: "Run it as a user whom /etc/passwd names, and where cron is installed.",
  },
  {
    name: "chromium",
    for: "the tests of the report's page, and nothing else",
    command: ["chromium", "--version"],
    install: "apt install chromium",
    otherwise: "apt install --reinstall chromium",
  },
] as const;

/** In the order in which somebody would ask. */
export const probes: readonly Probe[] = [
  ...[platformProbe, nodeProbe, rootProbe, placeProbe, roomProbe, portProbe, cgroupProbe, recorderProbe],
  ...[...commands.map(commandProbe), redisProbe, straceProbe],
];
