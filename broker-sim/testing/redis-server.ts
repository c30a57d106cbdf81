import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A server that a test started as a process of its own: it can be killed, paused and started again. */
export class SpawnedRedis {
  readonly url: string;
  readonly #command: string;
  readonly #directory: string;
  readonly #settings: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(command: string, settings: readonly string[]) {
    this.#command = command;
    this.#settings = settings;
    this.#directory = mkdtempSync(join(tmpdir(), "redis-"));
    this.url = `redis+unix://${this.#directory}/socket`;
  }

  /** @param settings are given to the server last, and overrule */
  static async start(settings: readonly string[] = []): Promise<SpawnedRedis> {
    const command = redisCommand();
    if (command === undefined) throw new Error(noServer);
    const server = new SpawnedRedis(command, settings);
    await server.restart();
    return server;
  }

  /** Starts it with what is on its disk, and resolves when it can be asked. */
  async restart(): Promise<void> {
    const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    const place = ["--port", "0", "--unixsocket", join(this.#directory, "socket"), "--dir", this.#directory];
    const program = [this.#command, ...place, ...durable, ...this.#settings];
    // Whoever runs the tests may be killed, and then nobody is left to stop it.
    const [command = "", ...parameters] = isThere("setpriv") ? ["setpriv", "--pdeathsig", "KILL", ...program] : program;
    const child = spawn(command, parameters, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    const said: string[] = [];
    await new Promise<void>((ready, failed) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        said.push(text);
        if (/ready to accept connections/i.test(said.join(""))) ready();
      });
      child.once("error", failed);
      child.once("exit", () => failed(new Error(`${this.#command} ended:\n${said.join("")}`)));
    });
    // What it says from here on is read and dropped, so that the pipe never fills.
    child.stdout.removeAllListeners("data").resume();
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  /** It stands still, and its connections with it. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** It has forgotten everything when it starts again. */
  wipe(): void {
    rmSync(join(this.#directory, "appendonlydir"), { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

const noServer = "needs valkey-server or redis-server (Debian's redis-server)";

/** Why no server can be spawned here; undefined when one can. */
export function obstacleToRedis(): string | undefined {
  return redisCommand() === undefined ? noServer : undefined;
}

function redisCommand(): string | undefined {
  return ["valkey-server", "redis-server"].find(isThere);
}

function isThere(command: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
