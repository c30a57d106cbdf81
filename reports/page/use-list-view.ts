import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { contentHeight, type ListView, scrolledTo, scrollTopFor } from "./scroll-scale.ts";

/**
 * What is in sight of a list that is `total` px high. After a scroll that moved the rows by just as much, `settle` puts
 * the scrollbar's thumb where it belongs, without moving them.
 */
export function useListView(box: RefObject<HTMLDivElement | null>, total: number) {
  const [view, setView] = useState<ListView>({ top: 0, scrollTop: 0, height: 600 });
  // Several scrolls may come between two drawings, and a list that is observed from the beginning grows.
  const latest = useRef({ view, total });
  latest.current.total = total;
  const show = (next: ListView) => {
    latest.current.view = next;
    setView(next);
  };
  const look = () => {
    const { current: element } = box;
    if (element === null) return;
    const { scrollTop, clientHeight: height } = element;
    show(scrolledTo(latest.current.view, { scrollTop, height, total: latest.current.total }));
  };
  const moveTo = (top: number) => {
    const { current: element } = box;
    if (element === null) return;
    const height = element.clientHeight;
    const wanted = scrollTopFor(top, { height, total });
    if (Math.abs(wanted - element.scrollTop) >= 1) element.scrollTop = wanted;
    // The browser rounds it.
    const { scrollTop } = element;
    show({
      top: contentHeight(total) === total ? scrollTop : Math.max(0, Math.min(total - height, top)),
      scrollTop,
      height,
    });
  };
  useLayoutEffect(() => {
    const { current: element } = box;
    if (element === null) return undefined;
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const settle = () => {
    if (contentHeight(total) < total) moveTo(latest.current.view.top);
  };
  return { view, look, moveTo, settle };
}
