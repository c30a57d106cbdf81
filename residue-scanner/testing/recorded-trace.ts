/**
 * What Linux 6.18 on x86-64 gave as trace_pipe_raw of one processor, and how it explained it: `ipcmk -M 4096`, `renice`,
 * and a thread of Python that sets its own niceness.
 */
const pieceBytes = 4096;

const recorded =
  "vmufcmkCAAAUAQAAAAAAAAoAAAAGCAAA7RIAAB0AAAAAAAAAQ8rv9gAAAAAAEAAAAAAAAKQDAAAAAAAAxg8HAAUIAADtEgAAHQAAAAAAAAABAAAAAAAA" +
  "ACpnPhVNAQAA7hIAAI0AAAAAAAAAAAAAAAAAAADsEgAAAAAAAAUAAAAAAAAAZssBAEwBAADuEgAAjQAAAAAAAAAAAAAAAAAAAL4GBUkCAAAADAAAAM0A" +
  "AADvEgAAGxMAAHB5dGhvbjMAAAAAAAAAAAAAAAAAAA89AAAAAAAAAAAAAAAAAGqMbRBNAQAAGxMAAI0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAcAAAAA" +
  "AAAAxt4CAEwBJAAbEwAAjQAAAAAAAAAAAAAAAAAAAA==";

export function recordedPiece(): Buffer {
  const piece = Buffer.alloc(pieceBytes);
  Buffer.from(recorded, "base64").copy(piece);
  return piece;
}

export const headerPage = `	field: u64 timestamp;	offset:0;	size:8;	signed:0;
	field: local_t commit;	offset:8;	size:8;	signed:1;
	field: int overwrite;	offset:8;	size:1;	signed:1;
	field: char data;	offset:16;	size:4080;	signed:0;
`;

const commonFields = [
  "unsigned short common_type;	offset:0;	size:2;	signed:0;",
  "unsigned char common_flags;	offset:2;	size:1;	signed:0;",
  "unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;",
  "int common_pid;	offset:4;	size:4;	signed:1;",
];

/** The file `format` of an event. */
export function formatText(name: string, id: number, fields: readonly string[]): string {
  const lines = (texts: readonly string[]): string => texts.map((text) => `\tfield:${text}\n`).join("");
  return `name: ${name}\nID: ${id}\nformat:\n${lines(commonFields)}\n${lines(fields)}\nprint fmt: "which: 0x%08lx", 1\n`;
}

const numberField = "int __syscall_nr;	offset:8;	size:4;	signed:1;";
const returnField = "long ret;	offset:16;	size:8;	signed:1;";

export const formats = {
  thread: formatText("task_newtask", 205, [
    "pid_t pid;	offset:8;	size:4;	signed:1;",
    "char comm[16];	offset:12;	size:16;	signed:0;",
    "unsigned long clone_flags;	offset:32;	size:8;	signed:0;",
    "short oom_score_adj;	offset:40;	size:2;	signed:1;",
  ]),
  enterShmget: formatText("sys_enter_shmget", 2054, [
    numberField,
    "key_t key;	offset:16;	size:8;	signed:0;",
    "size_t size;	offset:24;	size:8;	signed:0;",
    "int shmflg;	offset:32;	size:8;	signed:0;",
  ]),
  exitShmget: formatText("sys_exit_shmget", 2053, [numberField, returnField]),
  enterSetpriority: formatText("sys_enter_setpriority", 333, [
    numberField,
    "int which;	offset:16;	size:8;	signed:0;",
    "int who;	offset:24;	size:8;	signed:0;",
    "int niceval;	offset:32;	size:8;	signed:0;",
  ]),
  exitSetpriority: formatText("sys_exit_setpriority", 332, [numberField, returnField]),
} as const;
