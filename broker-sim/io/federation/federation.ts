import { randomBytes, randomInt, randomUUID } from "node:crypto";

import type { Logger } from "pino";

import {
  type CommandAction,
  type ConnectionView,
  Invitation,
  type RemoteExecution,
  type RemoteView,
} from "../../../protocol/federation.ts";
import type { SpawnSpec } from "../../../protocol/executions.ts";
import type { ConnectionRecord } from "../../core/federation/federation-records.ts";
import { isOver } from "../../core/federation/remotes.ts";
import type { BrokerClock } from "../broker-clock.ts";
import type { BrokerService } from "../broker-service.ts";
import { type BrokerKey, digestOf } from "./envelopes.ts";
import { ProblemError, answerOf } from "../problems.ts";
import { type Spoke, SpokeClient, type SpokeTimes } from "./spoke-client.ts";

export interface FederationOptions {
  readonly service: BrokerService;
  readonly key: BrokerKey;
  readonly clock: BrokerClock;
  readonly log: Logger;
  readonly times?: SpokeTimes;
}

/** How often a hub asks its spokes how those are that have not ended, in milliseconds. */
const askIntervalMs = 2_000;

/** What the operator of either side does, and how a hub keeps up with its spokes. */
export class Federation {
  readonly key: BrokerKey;
  readonly #service: BrokerService;
  readonly #clock: BrokerClock;
  readonly #log: Logger;
  readonly #client: SpokeClient;
  /** Where this broker is reached from its own machine, once it listens. */
  #ownUrl = "";
  #timer: NodeJS.Timeout | null = null;
  #asking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor({ service, key, clock, log, times }: FederationOptions) {
    this.key = key;
    this.#service = service;
    this.#clock = clock;
    this.#log = log;
    this.#client = new SpokeClient({ key, clock, ...(times === undefined ? {} : { times }) });
  }

  listensAt(url: string): void {
    this.#ownUrl = url;
    this.#askLater();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#asking;
  }

  /** At a spoke. @returns what its hub's operator needs, in one line */
  async invite({
    name,
    url = this.#ownUrl,
    validMs,
  }: {
    name: string;
    url?: string | undefined;
    validMs: number;
  }): Promise<{
    connection: ConnectionView;
    invitation: string;
  }> {
    const secret = randomBytes(32).toString("base64url");
    const connectionId = `conn-${randomText(16)}`;
    const expiresAt = this.#clock.nowMs() + validMs;
    const secretDigest = digestOf(secret);
    const connection = answerOf(
      await this.#service.handle({ type: "invite", connectionId, name, secretDigest, invitedUntil: expiresAt }),
    );
    const invitation: Invitation = { connectionId, spokeUrl: url, spokeKey: this.key.publicKey, secret, expiresAt };
    return { connection, invitation: Buffer.from(JSON.stringify(invitation), "utf8").toString("base64url") };
  }

  /** At a hub. */
  async accept({ invitation: text, name }: { invitation: string; name: string }): Promise<ConnectionView> {
    const invitation = readInvitation(text);
    const { connectionId, spokeUrl: url, spokeKey: key, secret } = invitation;
    await this.#client.join({ connectionId, url, key }, { secret, hubName: name });
    return answerOf(await this.#service.handle({ type: "joined", connectionId, name, peerKey: key, peerUrl: url }));
  }

  /** Has a spoke start an agent; under the id that is remembered a later start of this hub asks for it again. */
  async spawn(connectionId: string, spec: SpawnSpec): Promise<RemoteView> {
    const commandId = randomUUID();
    answerOf(await this.#service.handle({ type: "remote-asked", connectionId, commandId, spec }));
    await this.#ask(connectionId, { do: "spawn", spec }, commandId);
    return this.#remote(commandId);
  }

  /** What a spoke says of all that this hub has had started there. */
  async status(connectionId: string): Promise<RemoteView[]> {
    await this.#ask(connectionId, { do: "status", of: null });
    const { remotes } = this.#service.state.federation;
    return [...remotes.values()].filter((remote) => remote.connectionId === connectionId).map(viewOf);
  }

  async kill(
    connectionId: string,
    { commandId, message }: { commandId: string; message: { reason: string; now: boolean } },
  ): Promise<RemoteView> {
    const remote = this.#remote(commandId);
    if (remote.connectionId !== connectionId) throw unknownRemote(commandId);
    await this.#ask(connectionId, { do: "kill", of: { spawnCommandId: commandId }, message });
    return this.#remote(commandId);
  }

  /** @param commandId of the remote that a refusal is about */
  async #ask(connectionId: string, action: CommandAction, commandId?: string): Promise<void> {
    const spoke = spokeOf(this.#service.state.federation.connections.get(connectionId), connectionId);
    const asked = commandId === undefined ? { action } : { action, commandId };
    try {
      await this.#take(await this.#client.command(spoke, asked));
    } catch (error) {
      if (commandId !== undefined && error instanceof ProblemError && error.problem.code !== "spoke-unreachable") {
        const { code, message } = error.problem;
        answerOf(
          await this.#service.handle({ type: "remote-told", commandId, execution: null, refused: { code, message } }),
        );
      }
      throw error;
    }
  }

  async #take(executions: readonly RemoteExecution[]): Promise<void> {
    for (const { commandId, execution } of executions) {
      answerOf(await this.#service.handle({ type: "remote-told", commandId, execution, refused: null }));
    }
  }

  #askLater(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#asking = this.#askAll().finally(() => this.#askLater());
    }, askIntervalMs).unref();
  }

  /** Of those that nobody knows whether they were started it is asked again, under the same id. */
  async #askAll(): Promise<void> {
    const { connections, remotes } = this.#service.state.federation;
    const open = [...remotes.values()].filter((remote) => !isOver(remote));
    for (const connectionId of new Set(open.map((remote) => remote.connectionId))) {
      if (this.#isClosed || connections.get(connectionId)?.state !== "active") continue;
      try {
        await this.#ask(connectionId, { do: "status", of: null });
      } catch (error) {
        this.#log.debug({ err: error, connectionId }, "a spoke did not say how its agents are");
      }
    }
  }

  #remote(commandId: string): RemoteView {
    const remote = this.#service.state.federation.remotes.get(commandId);
    if (remote === undefined) throw unknownRemote(commandId);
    return viewOf(remote);
  }
}

export function viewOf({ connectionId, commandId, spec, askedAt, execution, refused }: RemoteView): RemoteView {
  return { connectionId, commandId, spec, askedAt, execution, refused };
}

function unknownRemote(commandId: string): ProblemError {
  return new ProblemError("unknown-execution", `This hub has had nothing started by the command ${commandId}.`);
}

function spokeOf(connection: ConnectionRecord | undefined, connectionId: string): Spoke {
  if (connection?.side !== "hub" || connection.peerKey === null || connection.peerUrl === null) {
    throw new ProblemError("unknown-connection", `This broker has no spoke ${connectionId}.`);
  }
  if (connection.state !== "active") {
    throw new ProblemError("connection-inactive", `The connection ${connectionId} is ${connection.state}.`);
  }
  return { connectionId, url: connection.peerUrl, key: connection.peerKey };
}

function readInvitation(text: string): Invitation {
  try {
    return Invitation.parse(JSON.parse(Buffer.from(text.trim(), "base64url").toString("utf8")));
  } catch {
    throw new ProblemError("bad-request", "That is no invitation; give all of what `federation invite` printed.");
  }
}

const letters = "0123456789abcdefghijklmnopqrstuvwxyz";

function randomText(length: number): string {
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join("");
}
