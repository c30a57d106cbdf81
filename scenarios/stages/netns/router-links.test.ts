import { expect, test } from "vitest";

import { dropped } from "./router-links.ts";

const listed = `Chain PREROUTING (policy ACCEPT 812 packets, 190211 bytes)
    pkts      bytes target     prot opt in     out     source               destination
      17     3120 DROP       0    --  line2  *       0.0.0.0/0            0.0.0.0/0            /* fault-1 */
       5      400 DROP       0    --  line3  *       0.0.0.0/0            0.0.0.0/0            /* fault-12 */

Chain POSTROUTING (policy ACCEPT 640 packets, 88000 bytes)
    pkts      bytes target     prot opt in     out     source               destination
       8      700 DROP       0    --  *      line2   0.0.0.0/0            0.0.0.0/0            /* fault-1 */
`;

test("what was dropped on both ways is summed, and another fault's is left out", () => {
  expect(dropped(listed, "fault-1")).toEqual({ connections: 0, pieces: 25, bytes: 3820, delayMs: 0 });
  expect(dropped(listed, "fault-2")).toEqual({ connections: 0, pieces: 0, bytes: 0, delayMs: 0 });
});
