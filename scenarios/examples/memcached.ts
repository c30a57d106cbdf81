import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

import { defineAgent, type ForeignAgent } from "houseguest";

const env = { DEBIAN_FRONTEND: "noninteractive" };
const pidFile = "/run/memcached/memcached.pid";

/** memcached, as Debian packages it: a daemon that knows nothing of brokers, and is a guest all the same. */
export default defineAgent({
  name: "memcached",
  async join(agent) {
    await agent.run(["apt-get", "install", "-y", "--no-install-recommends", "memcached"], { env });
    // Where a policy forbids packages to start what they bring, somebody else has to.
    await agent.run(["service", "memcached", "start"]);
  },
  async status(agent) {
    const socket = connect({ port: 11_211, host: "127.0.0.1", signal: agent.signal });
    socket.end("version\r\nquit\r\n");
    const answer = await text(socket);
    if (!answer.startsWith("VERSION ")) throw new Error(`memcached answered ${JSON.stringify(answer)}`);
  },
  pids: () => [mainPid()].filter((pid) => pid !== undefined),
  pause: (agent) => signal(agent, "SIGSTOP"),
  resume: (agent) => signal(agent, "SIGCONT"),
  async withdraw(agent) {
    // Who stands still does not hear that it is to end.
    signal(agent, "SIGCONT");
    await agent.run(["service", "memcached", "stop"]);
    await agent.run(["apt-get", "purge", "-y", "--auto-remove", "memcached"], { env });
  },
  undo: ["apt-get", "purge", "-y", "--auto-remove", "memcached"],
});

function signal(agent: ForeignAgent, name: NodeJS.Signals): void {
  for (const pid of agent.pids()) process.kill(pid, name);
}

function mainPid(): number | undefined {
  try {
    return Number(readFileSync(pidFile, "utf8"));
  } catch {
    // Not started yet, or gone.
    return undefined;
  }
}
