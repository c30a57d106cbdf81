import type { AnyStage } from "./any-stage.ts";

/**
 * Does works side by side. When one fails the others are cut short, at the latest when the step that each is at ends;
 * nothing of them goes on when this comes back.
 *
 * @throws what failed first
 */
export async function sideBySide(
  stage: Pick<AnyStage, "giveUp">,
  works: readonly (() => Promise<unknown>)[],
): Promise<void> {
  const failures: unknown[] = [];
  await Promise.all(
    works.map(async (work) => {
      try {
        await work();
      } catch (error) {
        failures.push(error);
        stage.giveUp(error);
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
}
