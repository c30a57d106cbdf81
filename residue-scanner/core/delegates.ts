import type { ProcessFact } from "./fact.ts";

/** Schedulers, supervisors, multiplexers and servers of logins: what they start, somebody else told them to. */
const delegates = new Set(
  (
    "abduco anacron at atd conmon containerd containerd-shim containerd-shim-runc-v2 cron crond dbus-broker " +
    "dbus-daemon dinit dockerd dropbear dtach dvtm fcron inetd init incrond launchd login monit mosh-server " +
    "openrc-init pm2 podman polkitd runit runsv runsvdir s6-supervise s6-svscan screen sshd sshd-session " +
    "start-stop-daemon supervise supervise-daemon supervisord svscan systemd tini tmux udisksd xinetd zellij"
  ).split(" "),
);
/** TASK_COMM_LEN less its closing zero: the kernel cuts names. */
const nameCharactersMax = 15;
const cutDelegates = new Set([...delegates].map((name) => name.slice(0, nameCharactersMax)));
const interpreters = /^(?:python|perl|ruby|node|sh$|bash$)/;

/** Whether a process starts things at others' request: that it is the parent says nothing about who asked. */
export function isDelegate({ name, commandLine }: ProcessFact): boolean {
  // `tmux: server`, `(systemd)`, `PM2 v5: God Daemon`, `SCREEN`.
  const plain = (/[a-z0-9][a-z0-9-]*/.exec(name.toLowerCase()) ?? [""])[0];
  if (cutDelegates.has(plain)) return true;
  if (!interpreters.test(plain)) return false;
  const script = commandLine.split(" ")[1] ?? "";
  return delegates.has(script.slice(script.lastIndexOf("/") + 1));
}
