import type { Enclosure } from "./enclosure.ts";

/** None at all: the job is an ordinary process of the agent's user. */
export function openEnclosure(): Enclosure {
  return {
    name: "process",
    cannot: [
      "A job sees this host's files and network as the agent's user does, and can change what that user can: this driver confines processes, not what they touch.",
      "Work that a job hands to another daemon (cron, at, systemd, docker) is not stopped or ended with it.",
      "If the agent itself is killed, its jobs go on until it is started again and ends them.",
    ],
    kept: false,
    enclose: (_, command) => command,
  };
}
