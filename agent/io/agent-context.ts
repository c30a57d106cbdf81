import type { Clock } from "../../foundation/clock.ts";
import type { AgentCore } from "../core/state.ts";
import type { AgentInput } from "../core/input.ts";
import type { SandboxDriver } from "../sandbox/port.ts";
import type { BrokerClient } from "./broker-client.ts";
import type { EventStream } from "./event-stream.ts";
import type { Home } from "./home.ts";
import type { Identity } from "./identity.ts";
import type { LeaseFiles } from "./lease-files.ts";

/** How the agent reaches its broker; null when it has no key (any more), and then nothing of it is used. */
export interface BrokerLink {
  readonly identity: Identity;
  /** The one to try first, and what to fall back on. */
  readonly joinTokens: readonly string[];
  readonly client: BrokerClient;
  readonly events: EventStream;
  /** Cuts off every call that is under way: the agent ends, and nobody waits for them. */
  readonly abort: () => void;
}

/** What the effects are carried out with. */
export interface AgentContext {
  readonly home: Home;
  readonly driver: SandboxDriver;
  readonly files: LeaseFiles;
  readonly broker: BrokerLink | null;
  readonly clock: Clock;
  /** Replaces the fleet's interval on this host, or null. */
  readonly checkpointIntervalMs: number | null;
  /** Hands an input to the core. */
  readonly see: (input: AgentInput) => void;
  readonly state: () => AgentCore;
  /** Work on this host that goes on by itself; the agent does not end before it has. Its failure is a bug. */
  readonly background: (work: Promise<void>) => void;
  /** The same, but for calls over the network: the agent's end cuts them off. */
  readonly call: (work: Promise<void>) => void;
}
