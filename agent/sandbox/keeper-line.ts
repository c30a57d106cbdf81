import { constants } from "node:os";
import type { Socket } from "node:net";

import type { SandboxExit } from "./port.ts";

/** The agent's end of descriptor 4: what the keeper says (`keeperScript`), and what it is told. */
export interface KeeperLine {
  /** Resolves when the keeper waits for `go`; false when it ended before. */
  readonly waiting: Promise<boolean>;
  /** How the job's first process ended. A keeper that is gone without a word was killed, and all the job's with it. */
  readonly exited: Promise<SandboxExit>;
  /** Lets the keeper start the job. */
  go(): void;
  /** Lets the keeper go as soon as the job's first process has ended. */
  dismiss(): void;
  /** What cannot be killed must not keep the agent's own process from ending. */
  abandon(): void;
}

/** `setsid --wait` and the shell's `$?` give one byte: the exit code, or the signal with this bit for a core dump. */
const coreDumpBit = 0x80;
/** What a keeper may say altogether; more is the work of a job that has got hold of its line. */
const saidCharactersMax = 1_000;

export function keeperLine(socket: Socket): KeeperLine {
  let said = "";
  let settleWaiting: (waits: boolean) => void = () => undefined;
  const waiting = new Promise<boolean>((settle) => {
    settleWaiting = settle;
  });
  const exited = new Promise<SandboxExit>((settle) => {
    socket.on("data", (chunk: Buffer) => {
      if (said.length < saidCharactersMax) said += chunk.toString("latin1");
      if (said.startsWith("keeper\n")) settleWaiting(true);
      const exit = exitIn(said);
      if (exit !== null) settle(exit);
    });
    // A broken line says no more than its end does.
    socket.on("error", () => undefined);
    socket.once("close", () => {
      settleWaiting(false);
      settle({ exitCode: null, signal: "SIGKILL" });
    });
  });
  return {
    waiting,
    exited,
    go: () => void socket.write("go\n"),
    dismiss: () => void socket.end(),
    abandon: () => void socket.unref(),
  };
}

/** Null while it has not said how the job ended. */
function exitIn(said: string): SandboxExit | null {
  const match = /^keeper\n([^]*)ended (\d+)\n/.exec(said);
  if (match === null) return null;
  const [, complaint = "", number = ""] = match;
  const value = Number(number);
  if (complaint === "") return { exitCode: value, signal: null };
  return { exitCode: null, signal: signalNamed(value & ~coreDumpBit) };
}

/** Real-time signals have no names. */
function signalNamed(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `signal ${number}`;
}
