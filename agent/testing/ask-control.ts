import { connect } from "node:net";
import { workerData } from "node:worker_threads";

export interface ControlAsking {
  readonly path: string;
  readonly text: string;
  /** One number: 1, and who waits for it is woken, once the text lies in the socket. */
  readonly sent: Int32Array;
}

/** A thread that asks at the control socket of the other one, while that looks at nothing. */
const { path, text, sent } = workerData as ControlAsking;
const socket = connect(path);
socket.write(text, () => {
  Atomics.store(sent, 0, 1);
  Atomics.notify(sent, 0);
});
