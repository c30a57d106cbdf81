import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { temporaryDirectory } from "../testing/temporary-home.ts";
import { watchInput } from "./input.ts";
import { HeardPulses } from "./testing/heard-pulses.ts";

/** Named pipes stand in for the devices where there are none: both are read without waiting, in whole events. */
function devices(...names: string[]) {
  const directory = temporaryDirectory(onTestFinished);
  const classes = temporaryDirectory(onTestFinished);
  const files = names.map((name) => {
    execFileSync("mkfifo", [join(directory, name)]);
    // Opened for both, so that it waits for no reader.
    const file = openSync(join(directory, name), constants.O_RDWR | constants.O_NONBLOCK);
    onTestFinished(() => closeSync(file));
    return file;
  });
  const heard = new HeardPulses();
  const open = () => {
    const trigger = watchInput({ ...heard.options, devices: directory, classes });
    onTestFinished(() => trigger.close());
    return trigger;
  };
  return { directory, classes, files, heard, open };
}

/** struct input_event: somebody pressed the key «a». */
function keyPressed(atMs = Date.now()): Buffer {
  const event = Buffer.alloc(24);
  event.writeBigInt64LE(BigInt(Math.floor(atMs / 1_000)), 0);
  event.writeBigInt64LE(BigInt(Math.floor((atMs % 1_000) * 1_000)), 8);
  event.writeUInt16LE(1, 16);
  event.writeUInt16LE(30, 18);
  event.writeInt32LE(1, 20);
  return event;
}

test("pulses when a device has something to say, says how old it is, and nothing of what was typed", async () => {
  const { files, heard, open } = devices("event0", "event1", "mouse0");
  open();
  expect(heard.cannot).toEqual([]);
  const pressedMs = Date.now() - 500;
  const pulse = await heard.after(() => void writeSync(files[1] as number, keyPressed(pressedMs)));
  expect(pulse.what).toBe("input");
  expect(pulse.ageMs).toBeGreaterThanOrEqual(500);
  expect(pulse.ageMs).toBeLessThanOrEqual(Date.now() - pressedMs);
});

test("a burst is heard as its first event, and one by another clock as just now", async () => {
  const { files, heard, open } = devices("event0");
  open();
  const burst = Buffer.concat(Array.from({ length: 200 }, (_, index) => keyPressed(Date.now() - 900 + index)));
  const pulse = await heard.after(() => void writeSync(files[0] as number, burst));
  expect(pulse.ageMs).toBeGreaterThanOrEqual(900);
  const other = await heard.after(() => void writeSync(files[0] as number, keyPressed(12_345)));
  expect(other.ageMs).toBe(0);
});

test("what has no keys is left alone: a lid, a jack, a motion sensor", async () => {
  const { classes, files, heard, open } = devices("event0", "event1");
  const says = (name: string, capabilities: string): void => {
    mkdirSync(join(classes, name, "device/capabilities"), { recursive: true });
    writeFileSync(join(classes, name, "device/capabilities/ev"), `${capabilities}\n`);
  };
  says("event0", "21");
  says("event1", "120013");
  open();
  writeSync(files[0] as number, keyPressed());
  await heard.after(() => void writeSync(files[1] as number, keyPressed()));
  expect(heard.pulses).toHaveLength(1);
});

test("a host without devices is told of, and an end takes every one back", async () => {
  const { directory, heard, open } = devices("event0");
  rmSync(join(directory, "event0"));
  const held = () => readdirSync("/proc/self/fd").length;
  const before = held();
  await open().close();
  expect(heard.cannot).toEqual([expect.stringContaining(`no keyboard or mouse at ${directory}`)]);
  execFileSync("mkfifo", [join(directory, "event3")]);
  const trigger = open();
  expect(held()).toBe(before + 1);
  await trigger.close();
  expect(held()).toBe(before);
});
