import { messageOf } from "../../../foundation/errors.ts";
import { AskDecoder, connectionStates } from "../../core/ask-events.ts";
import type { RawAct } from "../../core/call-pairing.ts";
import { threadFilter } from "../../core/thread-filter.ts";
import type { PageLayout, TraceFormat } from "../../core/trace-format.ts";
import { type Joined, type ServiceSigns, ServiceThreads } from "./service-threads.ts";
import { TraceInstance } from "./trace-instance.ts";

/** Room for some 10,000 messages, for each processor. */
const bufferKilobytes = 512;
/** The kernel takes no more than a page. */
const filterCharactersMax = 3_900;
const roundsMax = 512;
/** Another filter lets the whole kernel wait for all of its processors: they are changed no more often, */
const followEveryNs = 1e9;
/** but for another service, which may be asked at once. */
const serveEveryNs = 200e6;
/** linux/socket.h and linux/in.h: AF_UNIX; AF_INET and AF_INET6 with IPPROTO_UDP. */
const messageFilter = "family == 1";
const datagramFilter = "(family == 2 || family == 10) && protocol == 17";
const connectionFilter = Object.values(connectionStates)
  .map((state) => `newstate == ${state}`)
  .join(" || ");
const events = {
  ready: "sock/sk_data_ready",
  waking: "sched/sched_waking",
  sent: "sock/sock_send_length",
  state: "sock/inet_sock_set_state",
} as const;

export interface AskSourceOptions {
  readonly tracefs: string;
  readonly layout: PageLayout;
  /** For tests: events that this kernel is taken not to have. */
  readonly withoutEvents?: readonly string[] | undefined;
}

/**
 * Who of the run asks services for something through their sockets: what a service does then is done for whoever asked.
 * An instance of the tracer of its own, because it is told of this process and those that descend from it alone.
 */
export class AskSource {
  /** Kinds of requests that are not told, each with the reason. */
  readonly unseen: string[] = [];
  private readonly instance: TraceInstance;
  private readonly decoder: AskDecoder;
  private readonly page: Buffer;
  /** Null where messages are not told. */
  private readonly services: ServiceThreads | null;
  private followedNs = 0;
  /** Who is not asked yet as far as the kernel knows. */
  private behind: Joined = "nobody";
  private isOpen = true;

  /** @throws what the kernel says of being told whom to watch */
  private constructor(instance: TraceInstance, { layout, withoutEvents = [] }: AskSourceOptions) {
    this.instance = instance;
    this.page = Buffer.alloc(layout.bytes);
    instance.watchDescendants();
    const format = (event: string) => (withoutEvents.includes(event) ? null : instance.format(event));
    const messages = this.enableMessages(format(events.ready), format(events.waking));
    this.services = messages?.services ?? null;
    const connections = this.enableConnections(format(events.state));
    const datagrams = messages === null ? null : this.enableDatagrams(format(events.sent));
    const isService = (thread: number, atNs: number) => messages?.services.has(thread, atNs) ?? false;
    this.decoder = new AskDecoder(layout, { messages, datagrams, connections }, isService);
  }

  /** @returns why no request at all can be seen, in words; what was begun is undone then */
  static open(options: AskSourceOptions): AskSource | { readonly refusal: string } {
    let instance: TraceInstance | null = null;
    try {
      instance = new TraceInstance(options.tracefs, { bufferKilobytes });
      return new AskSource(instance, options);
    } catch (error) {
      instance?.close();
      return { refusal: `requests to services are not seen: ${messageOf(error)}` };
    }
  }

  takeIn(): RawAct[] {
    const acts: RawAct[] = [];
    if (!this.isOpen) return acts;
    const fromNs = Number(process.hrtime.bigint());
    const take = (page: Buffer): void => {
      for (const act of this.decoder.decode(page)) acts.push(act);
    };
    for (let round = 0; round < roundsMax && this.instance.readRound(this.page, take); round += 1);
    return [...acts, ...this.decoder.settled(fromNs)];
  }

  /** @returns connections of the run's that are open; nothing more is taken in afterwards */
  finish(): RawAct[] {
    return this.decoder.finish();
  }

  /**
   * Whoever serves from now on is asked from now on.
   *
   * @throws what the kernel says of the longer filter
   */
  follow(signs: ServiceSigns, nowNs: number): boolean {
    if (!this.isOpen || this.services === null) return false;
    const joined = this.services.follow(signs, nowNs);
    if (joined === "services" || this.behind === "nobody") this.behind = joined;
    const everyNs = this.behind === "services" ? serveEveryNs : followEveryNs;
    if (this.behind === "nobody" || nowNs - this.followedNs < everyNs) return false;
    this.behind = "nobody";
    this.followedNs = nowNs;
    this.watchServices(this.services);
    return true;
  }

  /** The kernel's filter for what threads of services do; null where there are none. */
  byServices(field: string): string | null {
    const filter = threadFilter(field, this.services?.all ?? [], filterCharactersMax);
    return filter === "" ? null : filter;
  }

  /** @returns what others changed of it, in words; null where nobody did */
  disturbance(): string | null {
    return this.isOpen ? this.instance.disturbance() : null;
  }

  /** Messages that were not seen. */
  lost(): number {
    return this.isOpen ? this.instance.lost() : 0;
  }

  /** @returns whether it is gone; if not, somebody else holds one of its files open */
  close(): boolean {
    if (!this.isOpen) return true;
    this.isOpen = false;
    return this.instance.close();
  }

  private enableMessages(ready: TraceFormat | null, waking: TraceFormat | null) {
    if (ready === null || waking === null) {
      this.unseen.push("messages to services through unix sockets are not told by this kernel (Linux 6.2 does)");
      return null;
    }
    const services = new ServiceThreads();
    try {
      this.watchServices(services);
      this.instance.enable(events.ready, messageFilter);
      return { ready, waking, services };
    } catch (error) {
      this.instance.disable(events.waking);
      this.unseen.push(`messages to services through unix sockets are not seen: ${messageOf(error)}`);
      return null;
    }
  }

  private enableDatagrams(sent: TraceFormat | null): TraceFormat | null {
    if (sent === null) {
      this.unseen.push("datagrams to services over UDP are not told by this kernel (Linux 6.3 does)");
      return null;
    }
    try {
      this.instance.enable(events.sent, datagramFilter);
      this.instance.enable(events.ready, `${messageFilter} || (${datagramFilter})`);
      return sent;
    } catch (error) {
      this.unseen.push(`datagrams to services over UDP are not seen: ${messageOf(error)}`);
      return null;
    }
  }

  private enableConnections(state: TraceFormat | null): TraceFormat | null {
    if (state === null) {
      this.unseen.push("connections to services are not told by this kernel (Linux 4.16 does)");
      return null;
    }
    try {
      this.instance.enable(events.state, connectionFilter);
      return state;
    } catch (error) {
      this.unseen.push(`connections to services are not seen: ${messageOf(error)}`);
      return null;
    }
  }

  private watchServices(services: ServiceThreads): void {
    const filter = threadFilter("pid", services.all, filterCharactersMax);
    if (filter !== "") this.instance.enable(events.waking, filter);
  }
}
