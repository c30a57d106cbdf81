import type { Command } from "commander";

import { OperatorClient } from "../io/operator-client.ts";

export interface BrokerOption {
  readonly broker?: string;
}

const brokerVariable = "HOUSEGUEST_BROKER";
const defaultBroker = "http://127.0.0.1:7077";

/** Gives a command the option that names the broker it speaks to. */
export function withBrokerOption(command: Command): Command {
  return command.option("--broker <url>", `the broker's address (default: $${brokerVariable} or ${defaultBroker})`);
}

export function clientFor({ broker }: BrokerOption): OperatorClient {
  return new OperatorClient(broker ?? process.env[brokerVariable] ?? defaultBroker);
}
