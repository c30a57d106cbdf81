import type { Command } from "commander";

import { OperatorClient } from "../io/operator-client.ts";
import { readOperatorToken } from "../io/security/operator-token-file.ts";
import { dataDirectory } from "./data-directory.ts";
import { readToken } from "./read-token.ts";

export interface BrokerOption {
  readonly broker?: string;
  readonly operatorToken?: string;
}

const brokerVariable = "HOUSEGUEST_BROKER";
const defaultBroker = "http://127.0.0.1:7077";
/** Where a token can be given that shall not stand in the process list. */
export const operatorTokenVariable = "HOUSEGUEST_OPERATOR_TOKEN";

/** Gives a command the options that name the broker it speaks to, and prove that it may. */
export function withBrokerOption(command: Command): Command {
  return command
    .option("--broker <url>", `the broker's address (default: $${brokerVariable} or ${defaultBroker})`)
    .option(
      "--operator-token <token>",
      `what proves the operator (default: $${operatorTokenVariable}, or what a broker without --data left for its own user)`,
    );
}

/** @throws UsageError */
export function clientFor({ broker, operatorToken }: BrokerOption): OperatorClient {
  const url = broker ?? process.env[brokerVariable] ?? defaultBroker;
  readToken("--operator-token", operatorToken);
  const given = operatorToken ?? operatorTokenOfEnvironment();
  if (given !== undefined) return new OperatorClient(url, given);
  // What is left for an address is sent to that address alone: another name of this machine may lead elsewhere.
  const address = url.replace(/^http:\/\/localhost(?=[:/]|$)/i, "http://127.0.0.1");
  const token = readOperatorToken(dataDirectory(), address);
  return token === undefined ? new OperatorClient(url, undefined) : new OperatorClient(address, token);
}

/**
 * Undefined when there is none.
 *
 * @throws UsageError
 */
export function operatorTokenOfEnvironment(): string | undefined {
  const token = process.env[operatorTokenVariable];
  if (token === undefined || token === "") return undefined;
  readToken(`$${operatorTokenVariable}`, token);
  return token;
}
