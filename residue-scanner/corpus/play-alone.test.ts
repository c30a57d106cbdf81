import { randomUUID } from "node:crypto";

import { expect, it } from "vitest";

import { UsageError } from "../../foundation/errors.ts";
import { playAlone } from "./play-alone.ts";

it.skipIf(process.platform !== "linux")("lets nobody else play until whoever does has ended", async () => {
  const name = `houseguest-test-${randomUUID()}`;
  const end = await playAlone(name);
  const refused = await playAlone(name).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(UsageError);
  expect(refused).toMatchObject({ code: "corpus-runs", next: expect.stringContaining(`ss -xlp | grep @${name}`) });
  await end();
  const again = await playAlone(name);
  await again();
});
