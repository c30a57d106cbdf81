interface Dispatcher {
  destroy(): Promise<void>;
}

/** Where every copy of undici, Node's own fetch included, keeps the dispatcher of this process. */
const globalDispatcher = Symbol.for("undici.globalDispatcher.1");

/**
 * Ends the connections that fetch keeps open for the next request. Only for a process that will send none: Node has no
 * other way to close them before it exits.
 */
export async function closeKeptConnections(): Promise<void> {
  const dispatcher = (globalThis as { [globalDispatcher]?: Dispatcher })[globalDispatcher];
  // A dispatcher that was closed before, or was never needed, has nothing open.
  await dispatcher?.destroy().catch(() => undefined);
}
