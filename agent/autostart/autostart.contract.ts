import { describe, expect, test } from "vitest";

import type { Hook } from "./hook.ts";
import type { Autostart } from "./port.ts";

export interface AutostartBed {
  make(hook: Hook): Autostart;
  /** Everything of the host that such a hook could change, byte for byte. */
  scan(): unknown;
  /** What the host would run at its next start: the arguments, read as that service reads them. */
  started(): readonly string[];
}

/** What may be there before an agent comes. */
export interface AutostartSituation<Bed extends AutostartBed> {
  readonly name: string;
  readonly prepare: (bed: Bed) => void;
}

export const plainHook: Hook = {
  name: "houseguest-0123456789abcdef",
  marker: "houseguest:0123456789abcdef",
  command: ["/usr/bin/env", "true"],
};

const oddCommand = [
  "/usr/bin/env",
  '/opt/a b/it\'s "the" agent',
  "100%",
  "100 % $HOME ${HOME} `true` $(true)",
  "back\\slash\\",
  "a&b<c>d;e|f*g?#h",
  "--home",
  "/home/ünï/日本",
  "",
];

/** What every way of autostart must do, whatever it finds. */
export function autostartContract<Bed extends AutostartBed>({
  name,
  makeBed,
  situations,
}: {
  readonly name: string;
  readonly makeBed: () => Bed;
  readonly situations: readonly AutostartSituation<Bed>[];
}): void {
  describe(`${name}: a startup hook`, () => {
    test.each(situations)("is gone without a trace after its removal: $name", async ({ prepare }) => {
      const bed = makeBed();
      prepare(bed);
      const before = bed.scan();
      const autostart = bed.make(plainHook);
      expect(await autostart.isInstalled()).toBe(false);
      const resources = await autostart.resources();
      expect(bed.scan()).toEqual(before);
      expect(resources.length).toBeGreaterThan(0);
      await autostart.install(resources);
      expect(await autostart.isInstalled()).toBe(true);
      expect(bed.scan()).not.toEqual(before);
      const { removed, left } = await autostart.remove(resources);
      expect(left).toEqual([]);
      expect(removed.length).toBeGreaterThan(0);
      expect(await autostart.isInstalled()).toBe(false);
      expect(bed.scan()).toEqual(before);
    });

    test("starts the very command, whatever its arguments are made of", async () => {
      const bed = makeBed();
      const autostart = bed.make({ ...plainHook, command: oddCommand });
      await autostart.install(await autostart.resources());
      expect(bed.started()).toEqual(oddCommand);
    });

    test("is the same after it was installed twice, also by one who finds it there", async () => {
      const bed = makeBed();
      const before = bed.scan();
      const autostart = bed.make(plainHook);
      const resources = await autostart.resources();
      await autostart.install(resources);
      const once = bed.scan();
      await autostart.install(resources);
      const again = bed.make(plainHook);
      await again.install(await again.resources());
      expect(bed.scan()).toEqual(once);
      await again.remove(resources);
      expect(bed.scan()).toEqual(before);
    });

    test("is removed as often as one likes, and before it was installed", async () => {
      const bed = makeBed();
      const before = bed.scan();
      const autostart = bed.make(plainHook);
      const resources = await autostart.resources();
      expect(await autostart.remove(resources)).toEqual({ removed: [], left: [] });
      await autostart.install(resources);
      await autostart.remove(resources);
      expect(await autostart.remove(resources)).toEqual({ removed: [], left: [] });
      expect(bed.scan()).toEqual(before);
    });

    test("is removed by a later version that would write another one, from the ledger's list alone", async () => {
      const bed = makeBed();
      const before = bed.scan();
      const autostart = bed.make(plainHook);
      const resources = JSON.parse(JSON.stringify(await autostart.resources())) as Awaited<
        ReturnType<Autostart["resources"]>
      >;
      await autostart.install(resources);
      const later = bed.make({ ...plainHook, command: ["/opt/later", "join"] });
      expect(await later.isInstalled()).toBe(true);
      expect((await later.remove(resources)).left).toEqual([]);
      expect(bed.scan()).toEqual(before);
    });

    test("is found by its marker alone, and removed by what was found; others' are not found", async () => {
      const bed = makeBed();
      const other = bed.make({ name: "houseguest-other", marker: "houseguest:fedcba", command: ["/usr/bin/true"] });
      await other.install(await other.resources());
      const autostart = bed.make(plainHook);
      expect(await autostart.found()).toEqual([]);
      await autostart.install(await autostart.resources());
      const later = bed.make({ ...plainHook, command: ["/opt/later", "join"] });
      const found = await later.found();
      expect(found.length).toBeGreaterThan(0);
      expect((await later.remove(found)).left).toEqual([]);
      expect(await later.isInstalled()).toBe(false);
      expect(await other.isInstalled()).toBe(true);
    });

    test("takes the place of one that starts another command", async () => {
      const bed = makeBed();
      const before = bed.scan();
      const autostart = bed.make(plainHook);
      const resources = await autostart.resources();
      await autostart.install(resources);
      const later = bed.make({ ...plainHook, command: ["/opt/later", "join"] });
      await later.install(await later.resources());
      expect(bed.started()).toEqual(["/opt/later", "join"]);
      await later.remove(resources);
      expect(bed.scan()).toEqual(before);
    });

    test("of another agent stays when one is removed", async () => {
      const bed = makeBed();
      const other = bed.make({ name: "houseguest-other", marker: "houseguest:fedcba", command: ["/usr/bin/true"] });
      await other.install(await other.resources());
      const before = bed.scan();
      const autostart = bed.make(plainHook);
      const resources = await autostart.resources();
      await autostart.install(resources);
      await autostart.remove(resources);
      expect(bed.scan()).toEqual(before);
      expect(await other.isInstalled()).toBe(true);
    });
  });
}
