import type { Command } from "commander";

import { OperatorClient } from "../io/operator-client.ts";
import { readOperatorToken } from "../io/operator-token-file.ts";
import { dataDirectory } from "./data-directory.ts";

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

export function clientFor({ broker, operatorToken }: BrokerOption): OperatorClient {
  const url = broker ?? process.env[brokerVariable] ?? defaultBroker;
  const given = operatorToken ?? process.env[operatorTokenVariable];
  const token = given === undefined || given === "" ? readOperatorToken(dataDirectory(), url) : given;
  return new OperatorClient(url, token);
}
