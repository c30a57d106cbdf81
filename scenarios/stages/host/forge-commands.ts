import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";

import { type BrokerKey, seal } from "../../../broker-sim/io/federation/envelopes.ts";
import { present } from "../../../foundation/assert.ts";
import {
  type CommandAction,
  type CommandPayload,
  type Envelope,
  Invitation,
  payloadTypes,
} from "../../../protocol/federation.ts";
import type { HistoryData } from "../../../protocol/history.ts";
import { Problem } from "../../../protocol/messages.ts";
import { routes } from "../../../protocol/routes.ts";
import { StepError } from "../../steps/step-error.ts";
import { hubOf } from "./command-spoke.ts";
import type { HostStage } from "./host-stage.ts";
import { operatorOf } from "./spawn-agents.ts";

type Delivery = HistoryData<"witness.delivery">;
const callMsMax = 15_000;

/**
 * Whoever listened on the line sends what was heard once more, as it was and changed, and commands of its own; and a
 * second hub, with keys of its own that the spoke knows, sends what comes too late or while its connection is suspended.
 */
export async function forgeCommands(stage: HostStage): Promise<string> {
  const { line, connectionId, spawns } = hubOf(stage);
  const heard = present(line.commands[0], "the hub has sent a command");
  const target = present(spawns[0], "the hub has had an agent started");
  const thief = freshKey();
  const spawn: CommandAction = { do: "spawn", spec: { slots: 9, sandbox: "auto" } };
  const kill: CommandAction = {
    ...{ do: "kill", of: { executionId: target.executionId } },
    message: { reason: "forged", now: true },
  };
  const codes: string[] = [];
  const send = async (truth: Delivery["truth"], command: CommandPayload, envelope: Envelope): Promise<void> => {
    const code = await post(stage, routes.federationCommands, envelope);
    codes.push(code);
    const { commandId, action } = command;
    stage.options.history.record("witness.delivery", { commandId, action: action.do, truth, code });
  };
  const first = payloadOf(heard);
  await send("replayed", first, heard);
  await send("forged", first, { ...heard, payload: tampered(heard) });
  for (const action of [spawn, kill]) {
    const command = commandOf(connectionId, action);
    await send("forged", command, seal(payloadTypes.command, command, thief));
    const nowhere = commandOf("conn-0000000000000000", action);
    await send("unknown", nowhere, seal(payloadTypes.command, nowhere, thief));
  }
  const second = await secondHub(stage);
  for (const action of [spawn, kill]) {
    const { signatureWindowMs } = stage.options.timing;
    const issuedAt = Date.now() - signatureWindowMs - 1_000;
    const old = { ...commandOf(second.connectionId, action), issuedAt, expiresAt: issuedAt + signatureWindowMs };
    await send("stale", old, seal(payloadTypes.command, old, second.key));
  }
  await operatorOf(stage).setConnection(second.connectionId, "suspended");
  const late = commandOf(second.connectionId, spawn);
  await send("suspended", late, seal(payloadTypes.command, late, second.key));
  await countedBySpoke(stage, codes.filter((code) => code !== "ok").length);
  return `${codes.length} refused: ${[...new Set(codes)].join(", ")}`;
}

/** What is refused is told in the spoke's history, each time. */
async function countedBySpoke({ options }: HostStage, refused: number): Promise<void> {
  const { history, signal } = options;
  const counted = (): number => history.records.filter(({ type }) => type === "broker.command-refused").length;
  const patience = { withinMs: callMsMax, signal };
  await history.until(`the spoke's word of ${refused} refusals`, () => counted() >= refused, patience);
}

/** The harness becomes a hub of the spoke's, by an invitation as good as any. */
async function secondHub(stage: HostStage): Promise<{ readonly key: BrokerKey; readonly connectionId: string }> {
  const key = freshKey();
  const { connection, invitation } = await operatorOf(stage).invite({ name: "second" });
  const { connectionId } = connection;
  const { secret } = Invitation.parse(JSON.parse(Buffer.from(invitation, "base64url").toString("utf8")));
  const joining = { connectionId, secret, hubKey: key.publicKey, hubName: "second", issuedAt: Date.now() };
  const code = await post(stage, routes.federationJoin, seal(payloadTypes.join, joining, key));
  if (code === "ok") return { key, connectionId };
  throw new StepError(`The spoke does not take a second hub: ${code}.`, {
    code: "refused",
    next: "The log of the spoke is logs/broker.log in the run directory.",
  });
}

function commandOf(connectionId: string, action: CommandAction): CommandPayload {
  const issuedAt = Date.now();
  const names = { connectionId, commandId: randomUUID(), correlationId: randomUUID() };
  const nonce = randomBytes(16).toString("base64url");
  return { type: "COMMAND", ...names, nonce, issuedAt, expiresAt: issuedAt + 10_000, action };
}

function payloadOf({ payload }: Envelope): CommandPayload {
  return JSON.parse(Buffer.from(payload, "base64").toString("utf8")) as CommandPayload;
}

/** The same command for more agents' worth of work. */
function tampered({ payload }: Envelope): string {
  const text = Buffer.from(payload, "base64").toString("utf8");
  return Buffer.from(text.replace('"slots":1', '"slots":9')).toString("base64");
}

function freshKey(): BrokerKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { privateKey, publicKey: String(publicKey.export({ format: "jwk" }).x) };
}

/** @returns `ok`, or the code of the refusal */
async function post(stage: HostStage, path: string, envelope: Envelope): Promise<string> {
  const response = await fetch(new URL(path, stage.running.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(envelope),
    signal: AbortSignal.any([stage.options.signal, AbortSignal.timeout(callMsMax)]),
  });
  const problem = Problem.safeParse(await response.json());
  if (response.ok) return "ok";
  return problem.success ? problem.data.code : String(response.status);
}
