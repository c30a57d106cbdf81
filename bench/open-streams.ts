import { once } from "node:events";
import { type Socket, connect } from "node:net";

/** What the broker writes on a stream as soon as it is open. */
const greeting = ": connected";

/**
 * Opens an event stream for each prepared request, and resolves when all of them have been greeted.
 *
 * @returns closes them
 * @throws Error when one is refused
 */
export async function openStreams(url: string, requests: readonly Buffer[]): Promise<() => void> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  const open = async (request: Buffer): Promise<void> => {
    const socket = connect({ host: hostname, port: Number(port) });
    sockets.push(socket);
    await once(socket, "connect");
    socket.write(request);
    let heard = "";
    while (!heard.includes(greeting)) {
      const [bytes] = (await once(socket, "data")) as [Buffer];
      heard += bytes.toString("latin1");
      if (!heard.startsWith("HTTP/1.1 200")) throw new Error(`the stream was refused: ${heard}`);
    }
    socket.resume();
  };
  const together = 50;
  for (let from = 0; from < requests.length; from += together) {
    await Promise.all(requests.slice(from, from + together).map(open));
  }
  return () => sockets.forEach((socket) => socket.destroy());
}
