import { parentPort } from "node:worker_threads";

import { messageOf } from "../../../foundation/errors.ts";
import { enterNetworkNamespace } from "../../stages/netns/enter-namespace.ts";
import type { LinkAnswer, LinkOrder } from "./links.ts";
import { LinkProxy } from "./link-proxy.ts";

/** The thread in which lines live: whoever watches processes in the harness's own holds up its event loop meanwhile. */
const proxies = new Map<string, LinkProxy>();

parentPort?.on("message", (order: LinkOrder & { readonly call: number }) => {
  const { call } = order;
  carryOut(order)
    .then((value) => answer({ call, value }))
    .catch((error: unknown) => answer({ call, error: messageOf(error) }));
});

function answer(told: LinkAnswer): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(told);
}

async function carryOut(order: LinkOrder): Promise<unknown> {
  if (order.do === "open") {
    const proxy = new LinkProxy(order.target, order.seed);
    proxies.set(order.link, proxy);
    return await proxy.listen(order.address);
  }
  if (order.do === "enter") {
    await enterNetworkNamespace(order.namespace);
    return null;
  }
  if (order.do === "close") {
    await Promise.all(Array.from(proxies.values(), async (proxy) => await proxy.close()));
    proxies.clear();
    return null;
  }
  const proxy = proxies.get(order.link);
  if (order.do === "add") proxy?.add(order.id, order);
  else if (order.do === "remove") proxy?.remove(order.id);
  else return proxy?.count(order.id);
  return null;
}
