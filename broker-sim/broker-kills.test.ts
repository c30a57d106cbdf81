import { randomBytes } from "node:crypto";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, expect, test } from "vitest";

import { seededRandom } from "../foundation/random.ts";
import { present } from "../foundation/assert.ts";
import { isTerminalJob } from "../protocol/job-states.ts";
import { parseHistoryLine } from "../protocol/history.ts";
import { temporaryDirectory } from "./testing/live-broker.ts";
import { Load } from "./testing/load.ts";
import { SpawnedRedis, obstacleToRedis } from "./testing/redis-server.ts";

/** For every change few; in .ci/nightly 500. */
const kills = Number(process.env["HOUSEGUEST_KILLS"] ?? 15);
const program = join(import.meta.dirname, "testing", "killable-broker.ts");

test.for(["SQLite", "Redis"])(
  "a broker on %s that is killed again and again under load ends every job once, and repeats no epoch (I1, I3)",
  { timeout: 120_000 + kills * 4_000 },
  async (kind, context) => {
    const obstacle = kind === "Redis" ? obstacleToRedis() : undefined;
    if (obstacle !== undefined) return context.skip(obstacle);
    const seed = process.env["HOUSEGUEST_KILL_SEED"] ?? randomBytes(4).toString("hex");
    console.log(`${kind}: ${kills} kills; to play this again: HOUSEGUEST_KILL_SEED=${seed}`);
    const random = seededRandom(seed);
    const directory = temporaryDirectory();
    const history = join(directory, "history.jsonl");
    let port = 0;
    const redis = kind === "Redis" ? await SpawnedRedis.start() : undefined;
    if (redis !== undefined) onTestFinished(async () => await redis.stop());
    const settings = () => ({ port, directory, history, ...(redis === undefined ? {} : { redis: redis.url }) });

    // Each is loaded while those before it serve, and what one compiled the others need not.
    const standbys = [StandbyBroker.load(directory), StandbyBroker.load(directory)];
    const next = async (): Promise<StandbyBroker> => {
      standbys.push(StandbyBroker.load(directory));
      return present(await standbys.shift(), "one stands by");
    };
    let broker = await next();
    let served = await broker.serve(settings());
    port = Number(new URL(served.url).port);
    const load = new Load(served);
    load.begin(4);
    for (let kill = 0; kill < kills; kill += 1) {
      const standby = await next();
      await load.answered(random.integer({ min: 1, max: 40 }));
      await broker.kill();
      broker = standby;
      served = await broker.serve(settings());
    }
    await load.finish();
    await broker.kill();

    expect(load.wrongs).toEqual([]);
    expect(load.accepted.length).toBeGreaterThan(kills / 2);
    judge(history, load);
    expect([...load.refusals.keys()].filter((code) => code === "internal")).toEqual([]);
  },
);

/** What the history says, and it alone: it is the brokers' own word, written behind each commit. */
function judge(path: string, { accepted, completed }: Load): void {
  const epochs = new Map<string, number>();
  const ends = new Map<string, number>();
  let starts = 0;
  let regrants = 0;
  for (const line of readFileSync(path, "utf8").trimEnd().split("\n")) {
    const parsed = parseHistoryLine(line);
    if ("error" in parsed) throw new Error(`${parsed.error}: ${line}`);
    const { record } = parsed;
    if (record.type === "broker.started") starts += 1;
    if (record.type === "broker.offered") {
      const { jobId, epoch } = record.data;
      const before = epochs.get(jobId);
      if (before !== undefined) regrants += 1;
      expect(epoch, `${jobId} is granted under a larger epoch than before`).toBeGreaterThan(before ?? 0);
      epochs.set(jobId, epoch);
    }
    if (record.type === "broker.job" && isTerminalJob(record.data.to)) {
      ends.set(record.data.jobId, (ends.get(record.data.jobId) ?? 0) + 1);
    }
  }
  expect(starts).toBe(kills + 1);
  expect(regrants).toBeGreaterThan(0);
  expect([...ends].filter(([, times]) => times !== 1)).toEqual([]);
  // A broker that was killed behind a commit did not come to write it down; then its client heard it from the next one.
  expect(accepted.filter((jobId) => !ends.has(jobId) && !completed.has(jobId))).toEqual([]);
}

/** A broker in a process of its own, which has loaded everything before it is asked to serve. */
class StandbyBroker {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exit = once(child, "exit");
  }

  static async load(directory: string): Promise<StandbyBroker> {
    const env = { NODE_COMPILE_CACHE: join(directory, "compiled"), ...process.env };
    const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"], env });
    onTestFinished(() => void child.kill("SIGKILL"));
    const broker = new StandbyBroker(child);
    await once(child.stdout, "data");
    return broker;
  }

  async serve(settings: object): Promise<{ url: string; joinToken: string; operatorToken: string }> {
    this.#child.stdin!.write(`${JSON.stringify(settings)}\n`);
    const told = once(this.#child.stdout!, "data");
    const ended = this.#exit.then(() => Promise.reject(new Error("the broker did not start")));
    const [text] = await Promise.race([told, ended]);
    ended.catch(() => undefined);
    return JSON.parse(String(text));
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit;
  }
}
