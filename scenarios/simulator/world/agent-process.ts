import type { AgentInput } from "../../../agent/core/input.ts";
import type { AgentCore } from "../../../agent/core/state.ts";
import type { AgentStream } from "./agent-stream.ts";
import type { Caller } from "./broker-call.ts";
import type { Host } from "./host.ts";
import type { HostLedger } from "./host-ledger.ts";
import type { Sandbox, SandboxEnd } from "./sandbox.ts";
import type { HistorySource, World } from "./world.ts";

/** The agent's process as those who carry out its effects see it. */
export interface AgentProcess extends Caller {
  readonly world: World;
  readonly host: Host;
  readonly source: HistorySource;
  readonly stream: AgentStream;
  readonly core: AgentCore;
  readonly instanceId: string;
  readonly ledger: HostLedger;
  /** How long it has stood still in all, in milliseconds. */
  readonly stalledMs: number;
  /** The directory that everything of the agent lies in. */
  readonly home: string;
  /** Hands the brain something that is seen now. */
  see(seen: AgentInput): void;
  /** Hands it something that is seen after so long. */
  later(delayMs: number, seen: AgentInput): void;
  /** Work of this process is done after so long; it dies with the process. */
  whenDone(delayMs: number, happens: () => void): void;
  sandboxEnded(sandbox: Sandbox, end: SandboxEnd): void;
}
