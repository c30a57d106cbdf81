import type { BrowserContext, Page } from "playwright-core";

export interface Scroll {
  readonly how: string;
  /** Ms from each frame to the next. */
  readonly frames: readonly number[];
  readonly longTasks: number;
  /** Of the rows in sight, summed over all frames, those that had no data yet. */
  readonly empty: number;
  readonly rows: number;
}

/** Times in ms since the navigation began. */
export interface PageMeasures {
  readonly firstPaintMs: number;
  readonly historyMs: number;
  readonly timelineMs: number;
  readonly openingTasks: readonly number[];
  readonly scrolls: readonly Scroll[];
  readonly filterMs: number;
  readonly found: number;
  readonly heapBytes: number;
}

const framesMax = 400;
const wanted = "witness.resume";

/** Opens a page, scrolls its history at a reading and at a rushing speed, and searches it. */
export async function measurePage(context: BrowserContext, address: string): Promise<PageMeasures> {
  const page = await context.newPage();
  await page.addInitScript({ content: watchTasks });
  await page.goto(`${address}#history`, { waitUntil: "commit", timeout: 120_000 });
  await page.waitForFunction(() => performance.getEntriesByName("timeline-ready").length > 0);
  await page.locator(".event .data").first().waitFor();
  const opened = (await page.evaluate(openingTimes)) as Pick<
    PageMeasures,
    "firstPaintMs" | "historyMs" | "timelineMs" | "openingTasks"
  >;
  const scrolls = [
    await scroll(page, { how: "scrolling on by 400 pixels a frame", step: "400" }),
    await scroll(page, {
      how: `rushing through all of it in ${framesMax} frames`,
      step: `box.scrollHeight / ${framesMax}`,
    }),
  ];
  const began = performance.now();
  await page.locator("#search").fill(wanted);
  await page.locator(".count").filter({ hasNotText: "searching" }).filter({ hasNotText: /^1,0/ }).waitFor();
  const filterMs = performance.now() - began;
  const found = Number(((await page.textContent(".count")) ?? "").split(" ")[0]?.replaceAll(",", ""));
  const heapBytes = (await page.evaluate("performance.memory.usedJSHeapSize")) as number;
  await page.close();
  return { ...opened, scrolls, filterMs, found, heapBytes };
}

const watchTasks = `
  globalThis.longTasks = [];
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask", buffered: true });`;

const openingTimes = `({
  firstPaintMs: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
  historyMs: performance.getEntriesByName("history-ready")[0].startTime,
  timelineMs: performance.getEntriesByName("timeline-ready")[0].startTime,
  openingTasks: longTasks.splice(0),
})`;

async function scroll(page: Page, { how, step }: { readonly how: string; readonly step: string }): Promise<Scroll> {
  const seen = await page.evaluate(`new Promise((resolve) => {
    const box = document.querySelector(".windowed");
    const step = ${step};
    const frames = [];
    let [before, empty, rows] = [undefined, 0, 0];
    longTasks.length = 0;
    box.scrollTop = 0;
    const frame = (now) => {
      if (before !== undefined) frames.push(now - before);
      before = now;
      const edges = box.getBoundingClientRect();
      for (const row of box.querySelectorAll(".event")) {
        const { top } = row.getBoundingClientRect();
        if (top < edges.top || top > edges.bottom) continue;
        rows += 1;
        if (row.lastElementChild.textContent === "…") empty += 1;
      }
      if (frames.length === ${framesMax}) return resolve({ frames, longTasks: longTasks.length, empty, rows });
      box.scrollTop += step;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  })`);
  return { how, ...(seen as Omit<Scroll, "how">) };
}
