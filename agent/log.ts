import pino, { type Logger } from "pino";

/**
 * The agent's log: one JSON object a line, written at once, so that a crash loses none.
 *
 * @param file null for stderr
 * @param quiet whether only what ends the agent is worth a line
 */
export function openLog({
  instanceId,
  file,
  quiet,
}: {
  instanceId: string;
  file: string | null;
  quiet: boolean;
}): Logger {
  const destination = pino.destination({ dest: file ?? 2, sync: true, mode: 0o600 });
  return pino({ base: { pid: process.pid, instance: instanceId }, level: quiet ? "fatal" : "info" }, destination);
}
