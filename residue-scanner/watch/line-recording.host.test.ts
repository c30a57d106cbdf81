import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { lineageOf, sourceOf, testRecorder } from "../testing/recorded-lineage.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";

const canWatch = process.geteuid?.() === 0 && process.platform === "linux";

/** Runs a script to its end, and returns the pid that it had. */
async function shell(script: string, file: string): Promise<number> {
  const child = spawn("sh", ["-ec", script, "sh", file], { stdio: ["ignore", "ignore", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(0);
  return child.pid ?? 0;
}

describe.skipIf(!canWatch)("whose each line is of a file that several write (needs root on Linux)", () => {
  it("is known when one appends to it, and another writes it anew and renames it into place", async () => {
    const file = join(temporaryDirectory(), "hosts");
    writeFileSync(file, "old\nkept\n");
    const recorder = await testRecorder({ lineFiles: [file, `${file}.absent`] });
    const one = await shell('echo "of one" >> "$1"', file);
    // What was written is taken in before the answer: the next one begins after that.
    recorder.recording();
    const other = await shell('sed "/old/d" "$1" > "$1.new"; echo "of other" >> "$1.new"; mv "$1.new" "$1"', file);
    recorder.recording();
    const third = await shell('echo "of third" > "$1.absent"', file);
    const recording = recorder.recording();
    const written = [...(recording.lines ?? [])].map(([line, { by }]) => [
      line.slice(file.length),
      // Of whoever wrote it, or started who did.
      [
        ...new Set(
          by.map((each) => lineageOf(recording, each).find(({ pid }) => [one, other, third].includes(pid))?.pid),
        ),
      ],
    ]);
    expect(Object.fromEntries(written)).toEqual({
      ": of one": [one],
      ": of other": [other],
      ": old": [other],
      ".absent: of third": [third],
    });
  });

  it("is known of who wrote it though another renames it into place, or gives it another name", async () => {
    const directory = temporaryDirectory();
    const [renamed, linked, over] = ["renamed", "linked", "over"].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(over, "");
    const recorder = await testRecorder({ lineFiles: [renamed, linked, over] });
    const writer = await shell('for each in renamed linked over; do echo line > "$1/$each.new"; done', directory);
    recorder.recording();
    const mover = await shell(
      'mv "$1/renamed.new" "$1/renamed"; ln "$1/linked.new" "$1/linked"; ln -f "$1/over.new" "$1/over"',
      directory,
    );
    const recording = recorder.recording();
    const pidsOf = (file: string) =>
      (recording.lines?.get(`${file}: line`)?.by ?? []).map(
        (serial) => lineageOf(recording, serial).find(({ pid }) => [writer, mover].includes(pid))?.pid,
      );
    for (const file of [renamed, linked, over]) expect(new Set(pidsOf(file))).toEqual(new Set([writer, mover]));
    // Who writes to it further on did not write what stood there.
    const third = await shell('echo further >> "$1/linked"', directory);
    const later = recorder.recording();
    const writersOf = (line: string) => (later.lines?.get(line)?.by ?? []).map((by) => later.processes.get(by)?.pid);
    expect(writersOf(`${linked}: further`)).toEqual([third]);
  });

  it("counts as lost where more lines came than are kept", async () => {
    const file = join(temporaryDirectory(), "hosts");
    writeFileSync(file, "");
    const recorder = await testRecorder({ lineFiles: [file], linesMax: 1 });
    await shell('printf "one\\ntwo\\n" >> "$1"', file);
    const source = sourceOf(recorder.recording(), "files");
    expect(source).toMatchObject({ status: "lost", detail: expect.stringContaining("changes of lines") as string });
  });

  it("is told of both when one had it open before the other wrote, and nothing came of it", async () => {
    const file = join(temporaryDirectory(), "hosts");
    writeFileSync(file, "");
    const recorder = await testRecorder({ lineFiles: [file] });
    // The first one began before, so that nobody can say that the line is not of its writing.
    const pid = await shell('{ sh -c \'echo line >> "$1"\' sh "$1"; : ; } 3>> "$1"; exec 3>&-', file);
    const { lines, processes } = recorder.recording();
    const writers = lines?.get(`${file}: line`)?.by.map((serial) => processes.get(serial)?.pid) ?? [];
    expect(writers).toContain(pid);
    expect(writers).toHaveLength(2);
  });
});
