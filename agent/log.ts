import pino, { type Logger } from "pino";

/** The agent's log: one JSON object a line, written at once, so that a crash loses none. */
export function openLog({ instanceId, file }: { instanceId: string; file: string | null }): Logger {
  const destination = pino.destination({ dest: file ?? 2, sync: true, mode: 0o600 });
  return pino({ base: { pid: process.pid, instance: instanceId } }, destination);
}
