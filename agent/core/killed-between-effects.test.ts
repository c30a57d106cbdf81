import { describe, expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import { workingWorld } from "../testing/working-world.ts";
import type { LeaseNote } from "./effect.ts";

/** More effects than any turn has. */
const effectsMax = 50;

/** Kills the agent before each effect of one turn, in a new world each time; returns after how many the turn was over. */
function killedAtEach(
  begin: () => ModelWorld,
  act: (world: ModelWorld) => void,
  look: (world: ModelWorld) => void,
): number {
  for (let effects = 0; effects < effectsMax; effects += 1) {
    const world = begin();
    world.fuse = effects;
    act(world);
    if (world.fuse !== null) return effects;
    look(world);
  }
  throw new Error("The turn does not end.");
}

const toldOf = ({ history }: ModelWorld, type: string, facts: Record<string, unknown>): boolean =>
  history.records.some(
    (record) => record.type === type && Object.entries(facts).every(([name, value]) => record.data[name] === value),
  );

function pausedWorld(world: ModelWorld): ModelWorld {
  world.see({ type: "control", requestId: "pause", request: { command: "pause" } });
  world.drain();
  expect(world.core.agent).toBe("Paused");
  return world;
}

test("whoever is killed when a job has ended has its result on the disk if anybody was told of it (case 17)", () => {
  const told: boolean[] = [];
  const ended = (): ModelWorld => {
    const world = workingWorld();
    world.jobEnds("lease-1");
    world.goOnUntil(() => world.pending[0]?.name === "terminate");
    return world;
  };
  const effects = killedAtEach(
    ended,
    (world) => world.happenNext(),
    (world) => {
      const completed = toldOf(world, "agent.execution", { to: "completed" });
      told.push(completed);
      const note = world.notes.get("lease:lease-1") as LeaseNote;
      if (completed) expect(note.report).toMatchObject({ outcome: "completed", result: "done" });
    },
  );
  expect(effects).toBeGreaterThan(2);
  expect(new Set(told)).toEqual(new Set([false, true]));
});

describe("whoever is killed in a resume comes back paused, or has told of the resume", () => {
  const idle = (): ModelWorld => {
    const world = new ModelWorld({ slots: 1 });
    world.drain();
    return world;
  };
  const places: Readonly<Record<string, () => ModelWorld>> = {
    "that lets sandboxes go on": () => pausedWorld(workingWorld()),
    "with no sandbox": () => pausedWorld(idle()),
    "of a pause that an earlier instance left": () => {
      const world = pausedWorld(idle());
      world.kill();
      world.start();
      expect(world.core.agent).toBe("Enrolling");
      return world;
    },
    "of a pause that a shutdown leaves to the next instance": () => {
      const world = pausedWorld(workingWorld());
      world.see({ type: "signal", name: "SIGTERM" });
      expect(world.core.shutdown).not.toBeNull();
      return world;
    },
  };

  test.each(Object.keys(places))("%s", (place) => {
    let begunWith = 0;
    const begin = (): ModelWorld => {
      const world = (places[place] as () => ModelWorld)();
      expect(world.notes.has("pause")).toBe(true);
      begunWith = world.history.records.length;
      return world;
    };
    const told = (world: ModelWorld): boolean =>
      world.history.records
        .slice(begunWith)
        .some(({ type, data }) => type === "agent.thawed" || (type === "agent.state" && data["from"] === "Paused"));
    const resume = (world: ModelWorld): void => {
      world.see({ type: "control", requestId: "resume", request: { command: "resume" } });
    };
    const effects = killedAtEach(begin, resume, (world) => {
      if (!told(world)) expect(world.notes.get("pause")).toMatchObject({ by: "owner" });
    });
    expect(effects).toBeGreaterThan(1);
    const world = begin();
    resume(world);
    expect(told(world)).toBe(true);
    expect(world.notes.has("pause")).toBe(false);
  });
});
