import type { Pair } from "../pairs.ts";

/** Among files. */
export const filePairs: readonly Pair[] = [
  {
    name: "memory-mapped",
    what: "memory shared by name, written through a mapping",
    before: String.raw`head -c 65536 /dev/zero > /dev/shm/@X-seg`,
    act: String.raw`py "
import mmap
f = open('/dev/shm/@X-seg', 'r+b'); m = mmap.mmap(f.fileno(), 0); m[5:9] = b'left'
"`,
    undo: String.raw`rm -f /dev/shm/@X-seg`,
    traces: [{ text: "/dev/shm/@X-seg" }],
  },
  {
    name: "attribute-value",
    what: "an extended attribute given another value of the same length, times put back",
    before: String.raw`py "
import os
open('$D/f', 'w').write('x'); os.setxattr('$D/f', 'user.note', b'aaaa')
"`,
    act: String.raw`py "
import os
s = os.stat('$D/f'); os.setxattr('$D/f', 'user.note', b'bbbb'); os.utime('$D/f', ns=(s.st_atime_ns, s.st_mtime_ns))
"`,
    undo: ":",
    traces: [{ text: "$D/f" }],
  },
  {
    name: "link-fewer",
    what: "one of two names of a file taken away, the directory's times put back",
    before: String.raw`mkdir "$D/a" "$D/b"; echo x > "$D/a/one"; ln "$D/a/one" "$D/b/two"`,
    act: String.raw`touch -r "$D/b" "$D/ref"; rm "$D/b/two"; touch -r "$D/ref" "$D/b"; rm "$D/ref"`,
    undo: ":",
    traces: [{ text: "$D/b/two" }],
  },
  {
    name: "lease",
    what: "a lease on a file (fcntl(2)), which keeps its daemon",
    before: String.raw`echo x > "$D/leased"`,
    act: String.raw`py_away @X-lease "
import fcntl, time
f = open('$D/leased', 'w'); f.write('y'); f.flush(); g = open('$D/leased') ; f.close(); fcntl.fcntl(g, 1024, 0); ready()
while True: time.sleep(3600)
"`,
    undo: "end_of @X-lease",
    traces: [{ text: "$W/scripts/@X-lease" }],
  },
  {
    name: "socket-renamed",
    what: "a listening socket whose name is changed after it was bound",
    act: String.raw`py_away @X-renamed "
import os, socket, time
s = socket.socket(socket.AF_UNIX); s.bind('$D/first'); s.listen(); os.rename('$D/first', '$D/second'); ready()
while True: time.sleep(3600)
"`,
    undo: String.raw`end_of @X-renamed; rm -f "$D/first" "$D/second"`,
    traces: [{ text: "$D/second" }],
  },
];
