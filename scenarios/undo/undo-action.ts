import * as z from "zod";

import { shellWord } from "../../foundation/shell-word.ts";

/**
 * What the harness does to the host, by how it is undone: plain data, so that a later process can finish what a killed
 * one began. Every action is idempotent.
 */
export const UndoAction = z.discriminatedUnion("undo", [
  /** One process that the harness started. */
  z.strictObject({ undo: z.literal("kill-process"), pid: z.int(), startTime: z.string(), name: z.string() }),
  /** A process of the harness's that was stopped (SIGSTOP). */
  z.strictObject({ undo: z.literal("continue-process"), pid: z.int(), startTime: z.string(), name: z.string() }),
  /** Every live process that bears the run's marker in its environment: the harness's actors and all they started. */
  z.strictObject({ undo: z.literal("kill-marked"), run: z.string() }),
  z.strictObject({ undo: z.literal("remove-cgroup"), path: z.string() }),
  /** A cgroup with a limit, into which processes were moved: they go back to where they were, and it is removed. */
  z.strictObject({ undo: z.literal("leave-cgroup"), path: z.string(), to: z.string() }),
  /** What a process bears and nothing else does: there is nothing to undo once it is gone. */
  z.strictObject({ undo: z.literal("ends-with-process"), pid: z.int(), startTime: z.string(), what: z.string() }),
  /** A rule by which a broker misbehaves; it is known by how long it would last, and ends with the broker's process. */
  z.strictObject({
    undo: z.literal("remove-broker-fault"),
    url: z.string(),
    operatorToken: z.string(),
    pid: z.int(),
    startTime: z.string(),
    expiresInMs: z.int(),
  }),
  /** A file system of the harness's own, and the directory on which it lies. */
  z.strictObject({ undo: z.literal("unmount"), path: z.string() }),
  z.strictObject({ undo: z.literal("remove-file"), path: z.string() }),
  /** A directory of which nothing can be changed (chattr +i), with what is in it. */
  z.strictObject({ undo: z.literal("unlock-directory"), path: z.string() }),
  /** How much of a resource (RLIMIT_NOFILE) a process may have, as it was. */
  z.strictObject({
    undo: z.literal("restore-limit"),
    pid: z.int(),
    startTime: z.string(),
    resource: z.enum(["nofile"]),
    soft: z.string(),
    hard: z.string(),
  }),
  z.strictObject({ undo: z.literal("remove-directory"), path: z.string() }),
  /** What somebody else's step or agent does; their own word for how it is undone, which must be idempotent. */
  z.strictObject({ undo: z.literal("run-command"), command: z.array(z.string()).min(1) }),
  /** Lines of this user's crontab that hold the mark; the crontab itself where nothing else is in it. */
  z.strictObject({ undo: z.literal("clean-crontab"), mark: z.string().regex(/^[a-z0-9-]+$/) }),
  /** An agent that joined: asked to withdraw by its own command, so that it releases what only it knows of. */
  z.strictObject({ undo: z.literal("withdraw-agent"), command: z.array(z.string()).min(1), home: z.string() }),
]);
export type UndoAction = z.infer<typeof UndoAction>;

/** What an action undoes, for people. */
export function describeUndo(action: UndoAction): string {
  switch (action.undo) {
    case "kill-process":
      return `the process ${action.pid} (${action.name})`;
    case "continue-process":
      return `that the process ${action.pid} (${action.name}) stands still`;
    case "kill-marked":
      return `processes marked HOUSEGUEST_RUN=${action.run}`;
    case "remove-cgroup":
      return `the cgroup ${action.path}`;
    case "ends-with-process":
      return `${action.what}, which the process ${action.pid} bears`;
    case "remove-broker-fault":
      return `the misbehaviour that was ordered of the broker at ${action.url}`;
    case "unmount":
      return `the file system on ${action.path}`;
    case "remove-file":
      return `the file ${action.path}`;
    case "unlock-directory":
      return `that nothing of ${action.path} can be changed`;
    case "restore-limit":
      return `the limit ${action.resource} of the process ${action.pid}`;
    case "leave-cgroup":
      return `the limits of the cgroup ${action.path}`;
    case "remove-directory":
      return `the directory ${action.path}`;
    case "run-command":
      return `what \`${commandWords(action)}\` undoes`;
    case "clean-crontab":
      return `lines of the crontab with ${action.mark}`;
    case "withdraw-agent":
      return `the agent in ${action.home}`;
  }
}

/** Why there is nothing to do for an action: the process that bore it is gone, and it with that. Else undefined. */
export function goneWith(
  action: UndoAction,
  isAlive: (of: { pid: number; startTime: string }) => boolean,
): string | undefined {
  if (!("startTime" in action) || isAlive(action)) return undefined;
  return `the process ${action.pid} is gone, and this with it`;
}

/** The command with which a user finishes an action by hand. */
export function finishCommand(action: UndoAction): string {
  switch (action.undo) {
    case "kill-process":
      return `kill -9 ${action.pid}`;
    case "continue-process":
      return `kill -CONT ${action.pid}`;
    case "kill-marked":
      return `grep -lsz '^HOUSEGUEST_RUN=${action.run}$' /proc/[0-9]*/environ | cut -d/ -f3 | xargs -r kill -9`;
    case "remove-cgroup":
      return `echo 1 > ${action.path}/cgroup.kill || xargs -r kill -9 < ${action.path}/cgroup.procs; find ${action.path} -depth -type d -exec rmdir {} +`;
    case "ends-with-process":
      return `kill ${action.pid}`;
    case "remove-broker-fault":
      return `kill -9 ${action.pid}`;
    case "unmount":
      return `umount -l '${action.path}' && rmdir '${action.path}'`;
    case "remove-file":
      return `rm -f -- '${action.path}'`;
    case "unlock-directory":
      return `chattr -R -i '${action.path}'`;
    case "restore-limit":
      return `prlimit --pid ${action.pid} --${action.resource}=${action.soft}:${action.hard}`;
    case "leave-cgroup":
      return `xargs -rn1 sh -c 'echo $0 > ${action.to}/cgroup.procs' < ${action.path}/cgroup.procs; rmdir ${action.path}`;
    case "remove-directory":
      return `rm -rf -- '${action.path}'`;
    case "run-command":
      return commandWords(action);
    case "clean-crontab":
      return `crontab -l | grep -v ${action.mark} | crontab -`;
    case "withdraw-agent":
      return `${action.command.join(" ")} withdraw --home '${action.home}'`;
  }
}

function commandWords({ command }: { readonly command: readonly string[] }): string {
  return command.map((word) => shellWord(word)).join(" ");
}
