import type { ProcessFact } from "./fact.ts";

/**
 * One family of programs that do things at others' request, and by what a request is recognised: a file in one of its
 * places, or one of its client programs. What a client asks for by a socket, no recorder reads.
 */
export interface DelegateFamily {
  readonly family: string;
  /** The names of the daemons. */
  readonly programs: readonly string[];
  /** Files and directories, without a slash at the end, in which it finds what it is to do. */
  readonly places: readonly string[];
  /** Programs by which it is asked, and which wait until it has begun. */
  readonly clients: readonly string[];
  /**
   * What a request may lead to when its client has long ended, or its file has long been there: to what is due later; to
   * what is started again, as others' doing as well; to nothing, because the client stays connected.
   */
  readonly later: "due" | "again" | "nothing";
  /** What stands in the command line of whoever speaks to it without a client: its socket. */
  readonly sockets: readonly string[];
}

const words = (text: string): string[] => text.split(" ");

/** Schedulers, supervisors, multiplexers and servers of logins: what they start, somebody else told them to. */
const delegateFamilies: readonly DelegateFamily[] = [
  {
    family: "cron",
    later: "due",
    programs: words("anacron cron crond fcron incrond run-parts"),
    places: words(
      "/var/spool/cron/crontabs /var/spool/cron /var/spool/fcron /var/spool/incron /etc/crontab /etc/anacrontab " +
        "/etc/cron.d /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly",
    ),
    clients: [],
    sockets: [],
  },
  {
    family: "at",
    later: "due",
    programs: words("atd"),
    places: words("/var/spool/cron/atjobs /var/spool/at /var/spool/atjobs"),
    clients: words("at batch"),
    sockets: [],
  },
  {
    family: "service manager",
    later: "again",
    programs: words(
      "dbus-broker dbus-daemon dinit init launchd openrc-init polkitd runit runsv runsvdir s6-supervise s6-svscan " +
        "supervise supervise-daemon supervisord svscan systemd tini udisksd pm2 monit inetd xinetd",
    ),
    places: words(
      "/etc/systemd/system /etc/systemd/user /run/systemd/system /usr/lib/systemd/system /lib/systemd/system " +
        "/etc/init.d /etc/inittab /etc/sv /etc/service /run/service /etc/supervisor/conf.d /etc/inetd.conf /etc/xinetd.d",
    ),
    clients: words(
      "systemctl systemd-run systemd-mount machinectl loginctl busctl hostnamectl timedatectl localectl networkctl " +
        "resolvectl dbus-send dbus-launch gdbus pkexec udisksctl rc-service service invoke-rc.d supervisorctl sv " +
        "s6-svc s6-rc dinitctl initctl telinit shutdown pm2 monit",
    ),
    sockets: words("/run/systemd/private system_bus_socket /run/dbus /run/initctl"),
  },
  {
    family: "containers",
    later: "again",
    programs: words("conmon containerd containerd-shim containerd-shim-runc-v2 dockerd podman"),
    places: [],
    clients: words("docker docker-compose podman podman-remote nerdctl ctr crictl buildctl"),
    sockets: words("docker.sock containerd.sock podman.sock"),
  },
  {
    family: "logins",
    later: "nothing",
    programs: words("dropbear login mosh-server sshd sshd-session"),
    places: [],
    clients: words("ssh scp sftp rsync mosh dbclient sshfs"),
    sockets: [],
  },
  {
    family: "terminals",
    later: "again",
    programs: words("abduco dtach dvtm screen tmux zellij"),
    places: [],
    clients: words("abduco dtach dvtm screen tmux zellij"),
    sockets: [],
  },
];

/** Everywhere that daemons find what they are to do. */
export const requestPlaces: readonly string[] = delegateFamilies.flatMap(({ places }) => places);

/** TASK_COMM_LEN less its closing zero: the kernel cuts names. */
const nameCharactersMax = 15;
const byName = new Map(
  delegateFamilies.flatMap((family) =>
    family.programs.flatMap((name) => [name, name.slice(0, nameCharactersMax)].map((each) => [each, family] as const)),
  ),
);
const interpreters = /^(?:python|perl|ruby|node|sh$|bash$)/;

/** What a process is called, and what it runs. */
export interface NamedProcess {
  readonly name: string;
  readonly commandLine: string;
}

/** The family of a process that starts things at others' request; null for any other process. */
export function delegateFamilyOf({ name, commandLine }: NamedProcess): DelegateFamily | null {
  // `tmux: server`, `(systemd)`, `PM2 v5: God Daemon`, `SCREEN`.
  const plain = (/[a-z0-9][a-z0-9-]*/.exec(name.toLowerCase()) ?? [""])[0];
  const named = byName.get(plain);
  if (named !== undefined) return named;
  if (!interpreters.test(plain)) return null;
  return byName.get(baseName(commandLine.split(" ")[1] ?? "")) ?? null;
}

/** Whether a process starts things at others' request: that it is the parent says nothing about who asked. */
export function isDelegate(fact: Pick<ProcessFact, "name" | "commandLine">): boolean {
  return delegateFamilyOf(fact) !== null;
}

/** Whether a process speaks to daemons of this family to have something done. */
export function isClientOf(family: DelegateFamily, { name, commandLine }: NamedProcess): boolean {
  return family.clients.includes(name) || family.sockets.some((socket) => commandLine.includes(socket));
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
