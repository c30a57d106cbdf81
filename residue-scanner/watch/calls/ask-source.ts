import { readdirSync, readFileSync, writeFileSync } from "node:fs";

import { readOpenFiles } from "../../collectors/open-files.ts";
import { AskDecoder, threadFilter } from "../../core/ask-events.ts";
import type { RawAct } from "../../core/call-pairing.ts";
import { parseUnixTable } from "../../core/socket-table.ts";
import type { PageLayout } from "../../core/trace-format.ts";
import { TraceInstance } from "./trace-instance.ts";

/** Room for some 10,000 messages, for each processor. */
const bufferKilobytes = 512;
/** The kernel takes no more than a page. */
const filterCharactersMax = 4_000;
const roundsMax = 512;
/** linux/socket.h and net/tcp_states.h */
const unixFamily = 1;
const connecting = 2;
const events = {
  ready: "sock/sk_data_ready",
  waking: "sched/sched_waking",
  state: "sock/inet_sock_set_state",
} as const;

/**
 * Who of the run asks services for something through their sockets: what a service does then is done for whoever asked.
 * An instance of the tracer of its own, because it is told of this process and those that descend from it alone.
 */
export class AskSource {
  private readonly instance: TraceInstance;
  private readonly decoder: AskDecoder;
  private readonly page: Buffer;
  private isOpen = true;

  private constructor(instance: TraceInstance, decoder: AskDecoder, layout: PageLayout) {
    this.instance = instance;
    this.decoder = decoder;
    this.page = Buffer.alloc(layout.bytes);
  }

  /** @returns null on a kernel without these events; what was begun is undone */
  static open(tracefs: string, layout: PageLayout): AskSource | null {
    const instance = new TraceInstance(tracefs, { bufferKilobytes });
    try {
      const [ready, waking, state] = [events.ready, events.waking, events.state].map((event) => instance.format(event));
      if (ready && waking && state) {
        writeFileSync(`${instance.directory}/set_event_pid`, String(process.pid));
        writeFileSync(`${instance.directory}/options/event-fork`, "1");
        const services = threadFilter("pid", threadsOfServices(), filterCharactersMax);
        if (services !== "") {
          instance.enable(events.ready, `family == ${unixFamily}`);
          instance.enable(events.waking, services);
        }
        instance.enable(events.state, `newstate == ${connecting}`);
        return new AskSource(instance, new AskDecoder(layout, { ready, waking, state }), layout);
      }
    } catch {
      // A kernel that knows no such filter, or option: what services do is theirs then.
    }
    instance.close();
    return null;
  }

  takeIn(): RawAct[] {
    const acts: RawAct[] = [];
    if (!this.isOpen) return acts;
    const take = (page: Buffer): void => {
      for (const act of this.decoder.decode(page)) acts.push(act);
    };
    for (let round = 0; round < roundsMax && this.instance.readRound(this.page, take); round += 1);
    return acts;
  }

  /** Messages that were not seen. */
  lost(): number {
    return this.isOpen ? this.instance.lost() : 0;
  }

  close(): void {
    if (this.isOpen) this.instance.close();
    this.isOpen = false;
  }
}

/** Of everybody else who waits at a unix(7) socket that has a name. */
function threadsOfServices(): number[] {
  const { sockets } = readOpenFiles();
  const pids = parseUnixTable(readFileSync("/proc/net/unix", "latin1"))
    .filter(({ local, state, protocol }) => local !== "" && (state === "listening" || protocol === "unix-dgram"))
    .flatMap(({ inode }) => sockets.get(inode)?.pids ?? []);
  return [...new Set(pids)].filter((pid) => pid !== process.pid).flatMap((pid) => threadsOf(pid));
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    // It has ended, and is asked for nothing any more.
    return [];
  }
}
