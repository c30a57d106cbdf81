import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { execa } from "execa";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { EndedRun } from "../reporter.ts";
import { reportServer } from "../serve/server.ts";
import { noChromium, openChromium, type OpenChromium } from "../testing/chromium.ts";
import { lifecycleStory } from "../testing/lifecycle-story.ts";
import { finding, plantedResidue } from "../testing/residue-fixtures.ts";
import { endedRun, runFixtures } from "../testing/run-fixtures.ts";
import { runPageParts } from "../html/run-page.ts";

const obstacle = noChromium();
const hostile = `<script>globalThis.taken = true</script><img src=x onerror="globalThis.taken = true">`;
let place = "";
let browser: OpenChromium | undefined;
let page: Page;
/** What a page asked for beyond itself, and what went wrong in it. */
let asked: string[] = [];
let wrong: string[] = [];

describe.skipIf(obstacle !== undefined)(
  `the page of a run in Chromium${obstacle === undefined ? "" : `: ${obstacle}`}`,
  () => {
    beforeAll(async () => {
      place = mkdtempSync(join(tmpdir(), "houseguest-page-"));
      // Of the sources as they are, where only tests were started and not `npm test`.
      await execa(process.execPath, [resolve(import.meta.dirname, "../../tools/build-page.mjs")]);
      browser = await openChromium();
    });
    afterAll(async () => {
      await browser?.close();
      rmSync(place, { recursive: true, force: true });
    });
    beforeEach(async () => {
      [asked, wrong] = [[], []];
      page = await (browser as OpenChromium).context.newPage();
      page.on("request", (request) => asked.push(request.url()));
      page.on("pageerror", (error) => wrong.push(error.message));
      page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
    });
    afterEach(async () => {
      await page.close();
    });

    test("a failed run from a file: verdict, expectations, figures, and nothing asked for", async () => {
      const address = await open(runFixtures.failing());
      await expect.poll(() => page.textContent(".badge")).toBe("FAIL");
      await expect.poll(() => page.textContent("h1")).toBe("withdraw-under-load");
      await expect.poll(() => page.locator(".expectations tbody tr").first().textContent()).toContain("I5");
      await expect.poll(() => page.locator(".expectations tbody tr").count()).toBe(8);
      await expect.poll(() => page.textContent("#tab-history .note")).toBe("168");
      await expect.poll(() => page.title()).toBe("FAIL withdraw-under-load");
      expect({ asked, wrong }).toEqual({ asked: [address], wrong: [] });
    });

    test("whatever a job can write is shown and never run", async () => {
      const address = await open(hostileRun());
      await expect.poll(() => page.textContent("h1")).toBe(hostile);
      await expect.poll(() => page.locator(".troubles").textContent()).toContain(hostile);
      await page.locator("#tab-residue").click();
      await expect
        .poll(() => page.locator(".tree .finding .label").first().textContent())
        .toBe(`/tmp/a ↵ b\\u{202e}\u{fffd}${hostile}`);
      await page.locator("#tab-timeline").click();
      await page.locator(".timeline-box").focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("End");
      await expect.poll(() => page.textContent(".timeline-words")).toContain(hostile);
      await page.locator("#tab-history").click();
      await page.locator("#search").fill("onerror");
      await page.locator(".event").first().click();
      await expect.poll(() => page.locator(".history-body .detail pre").textContent()).toContain("onerror=");
      await expect.poll(() => page.evaluate(() => "taken" in globalThis)).toBe(false);
      expect({ asked, wrong }).toEqual({ asked: [address], wrong: [] });
    });

    test("no script but its own runs, even one that gets into the page", async () => {
      await open(runFixtures.passing());
      await page.evaluate(() => {
        const script = document.createElement("script");
        script.textContent = "globalThis.taken = true";
        document.body.append(script);
      });
      await expect.poll(() => page.evaluate(() => "taken" in globalThis)).toBe(false);
      expect(wrong.join("\n")).toContain("Content Security Policy");
    });

    test("by keyboard: tabs, list, detail, filter and help, with the focus in sight", async () => {
      await open(runFixtures.rapid());
      await page.keyboard.press("?");
      await expect.poll(() => page.locator("#help[open] kbd").count()).toBeGreaterThan(8);
      await page.keyboard.press("Escape");
      await page.locator("#tab-overview").focus();
      await page.keyboard.press("ArrowLeft");
      await expect.poll(() => page.getAttribute("#tab-history", "aria-selected")).toBe("true");
      await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("tab-history");
      await expect
        .poll(() => page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle))
        .toBe("solid");
      await page.locator(".windowed").focus();
      await page.keyboard.press("End");
      await page.keyboard.press("Enter");
      await expect.poll(() => page.textContent(".detail h2")).toBe("run.phase");
      expect(JSON.parse((await page.textContent(".detail pre")) ?? "")).toEqual({ phase: "verdict", edge: "end" });
      await page.keyboard.press("Escape");
      await page.keyboard.press("/");
      await page.keyboard.type("witness.freeze");
      await page.locator(".count", { hasText: /^120 of / }).waitFor();
      await expect.poll(() => page.locator(".event .type").first().textContent()).toBe("witness.freeze");
      expect(wrong).toEqual([]);
    });

    test("of a long history only what is in sight is in the document, and its end is there at once", async () => {
      const run = runFixtures.rapid();
      const { history } = run;
      const long = Array.from(
        { length: 20_000 },
        (_, index) => history[index % history.length] as (typeof history)[number],
      );
      await open({ ...run, history: long }, "#history");
      await page.locator(".count", { hasText: "20,000 of 20,000" }).waitFor();
      await expect.poll(() => page.locator(".event").count()).toBeLessThan(100);
      await page.locator(".windowed").focus();
      await page.keyboard.press("End");
      const last = page.locator('.event[aria-rowindex="20000"] .data');
      await last.filter({ hasNotText: "…" }).waitFor();
      expect(await last.textContent()).not.toBe("");
      expect(wrong).toEqual([]);
    });

    test("the residue tree by keyboard: whose it is, and the evidence", async () => {
      await open(runFixtures.failing(), "#residue");
      await page.locator(".tree .windowed").focus();
      await page.keyboard.press("Home");
      await page.keyboard.press("ArrowLeft");
      await expect.poll(() => page.locator(".tree .row").first().getAttribute("aria-expanded")).toBe("false");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      await expect.poll(() => page.textContent(".findings .detail h3")).toBe("process 5120 (sleep 3600), parent 1");
      await expect.poll(() => page.textContent(".findings .evidence")).toContain("marker HOUSEGUEST_RUN=");
      expect(wrong).toEqual([]);
    });

    test("a run that goes on is followed, and its page is the ended one's when it has a verdict", async () => {
      const { verdict, history } = runFixtures.passing();
      const name = "20260131T101500-withdraw-under-load";
      const directory = join(place, "runs", name);
      const write = (records: typeof history) =>
        appendFileSync(
          join(directory, "history.jsonl"),
          records.map((record) => `${JSON.stringify(record)}\n`).join(""),
        );
      mkdirSync(directory, { recursive: true });
      write(history.slice(0, 20));
      const server = reportServer({ root: join(place, "runs"), allowedHosts: [], nowMs: Date.now });
      try {
        const address = await server.listen({ host: "127.0.0.1", port: 0 });
        await page.goto(address);
        await page.locator(".runs a", { hasText: "withdraw-under-load" }).click();
        await expect.poll(() => page.textContent(".badge")).toBe("RUNNING");
        await page.locator("#tab-history").click();
        await expect.poll(() => page.textContent(".count")).toBe("20 of 20 events");
        write(history.slice(20));
        await expect.poll(() => page.textContent(".count")).toBe(`${history.length} of ${history.length} events`);
        await page.locator("#tab-timeline").click();
        await expect.poll(() => page.getAttribute(".timeline-box", "aria-label")).toContain("rows");
        writeFileSync(join(directory, "verdict.json"), JSON.stringify(verdict));
        await expect.poll(() => page.textContent(".badge")).toBe("PASS");
        expect(wrong).toEqual([]);
        expect(asked.every((url) => url.startsWith(address))).toBe(true);
      } finally {
        await server.close();
      }
    });

    test("dark where the system is, and where the user says so", async () => {
      await page.emulateMedia({ colorScheme: "dark" });
      await open(runFixtures.passing());
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const dark = await ground();
      await page.keyboard.press("t");
      const light = await ground();
      expect([dark, light]).toEqual(["rgb(17, 20, 24)", "rgb(255, 255, 255)"]);
    });
  },
);

/** Writes the page of a run and opens it, as far as it has read its history. */
async function open(run: EndedRun, hash = ""): Promise<string> {
  const path = join(place, "page.html");
  writeFileSync(path, [...runPageParts(run)].join(""));
  const address = pathToFileURL(path).href;
  await page.goto(`${address}${hash}`);
  await page.waitForFunction(() => performance.getEntriesByName("timeline-ready").length > 0);
  return `${address}${hash}`;
}

function hostileRun(): EndedRun {
  const story = lifecycleStory({ jobs: 4, slots: 2, cycles: 1 });
  story.harness("step.begin", { index: 99, step: "odd", title: `</script>${hostile}` });
  const left = finding({
    id: "files:odd",
    location: `/tmp/a\nb\u202e\ufffd${hostile}`,
    subject: hostile,
    show: hostile,
  });
  return endedRun(story, {
    ...{ scenario: hostile, run: hostile, user: hostile, error: hostile, exitCode: 1, lifecycle: "fail" },
    residue: { ...plantedResidue(), findings: [left] },
  });
}
