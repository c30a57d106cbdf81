/** Numbers of system calls' arguments by their names in the kernel's headers, as far as recorded calls use them. */

/** keyctl(2), less those that only read: linux/keyctl.h */
export const keyctlOptions = {
  KEYCTL_GET_KEYRING_ID: 0,
  KEYCTL_JOIN_SESSION_KEYRING: 1,
  KEYCTL_UPDATE: 2,
  KEYCTL_REVOKE: 3,
  KEYCTL_CHOWN: 4,
  KEYCTL_SETPERM: 5,
  KEYCTL_CLEAR: 7,
  KEYCTL_LINK: 8,
  KEYCTL_UNLINK: 9,
  KEYCTL_SEARCH: 10,
  KEYCTL_INSTANTIATE: 12,
  KEYCTL_NEGATE: 13,
  KEYCTL_SET_TIMEOUT: 15,
  KEYCTL_REJECT: 19,
  KEYCTL_INSTANTIATE_IOV: 20,
  KEYCTL_INVALIDATE: 21,
  KEYCTL_GET_PERSISTENT: 22,
  KEYCTL_RESTRICT_KEYRING: 29,
  KEYCTL_MOVE: 30,
} as const;

/** shmctl(2), msgctl(2): linux/ipc.h, linux/shm.h */
export const ipcCommands = { IPC_RMID: 0, IPC_SET: 1 } as const;
export const shmCommands = { ...ipcCommands, SHM_LOCK: 11, SHM_UNLOCK: 12 } as const;
export const semCommands = { ...ipcCommands, SETVAL: 16, SETALL: 17 } as const;

/** bpf(2), less those that only read or run: linux/bpf.h */
export const bpfCommands = {
  BPF_MAP_CREATE: 0,
  BPF_PROG_LOAD: 5,
  BPF_OBJ_PIN: 6,
  BPF_PROG_ATTACH: 8,
  BPF_PROG_DETACH: 9,
  BPF_RAW_TRACEPOINT_OPEN: 17,
  BPF_BTF_LOAD: 18,
  BPF_LINK_CREATE: 28,
  BPF_LINK_UPDATE: 29,
  BPF_LINK_DETACH: 34,
} as const;

/** socket(2), of those families by which the kernel is configured or traffic is seen: bits/socket.h */
export const socketFamilies = {
  AF_INET: 2,
  AF_INET6: 10,
  AF_KEY: 15,
  AF_NETLINK: 16,
  AF_PACKET: 17,
  AF_BLUETOOTH: 31,
  AF_ALG: 38,
  AF_VSOCK: 40,
  AF_XDP: 44,
} as const;

/** netlink(7): linux/netlink.h */
export const netlinkProtocols = {
  NETLINK_ROUTE: 0,
  NETLINK_SOCK_DIAG: 4,
  NETLINK_XFRM: 6,
  NETLINK_AUDIT: 9,
  NETLINK_CONNECTOR: 11,
  NETLINK_NETFILTER: 12,
  NETLINK_KOBJECT_UEVENT: 15,
  NETLINK_GENERIC: 16,
} as const;

/** clone(2): it makes a thread of the same process. */
export const threadFlag = 0x10000;

/** clone(2): linux/sched.h */
export const namespaceFlags = {
  CLONE_NEWTIME: 0x80,
  CLONE_NEWNS: 0x20000,
  CLONE_NEWCGROUP: 0x2000000,
  CLONE_NEWUTS: 0x4000000,
  CLONE_NEWIPC: 0x8000000,
  CLONE_NEWUSER: 0x10000000,
  CLONE_NEWPID: 0x20000000,
  CLONE_NEWNET: 0x40000000,
} as const;

/** getpriority(2), ioprio_set(2) */
export const priorityKinds = { PRIO_PROCESS: 0, PRIO_PGRP: 1, PRIO_USER: 2 } as const;
export const ioprioKinds = { IOPRIO_WHO_PROCESS: 1, IOPRIO_WHO_PGRP: 2, IOPRIO_WHO_USER: 3 } as const;

/**
 * kill(2), those that end or stop what does not expect them, or tell a service to do something: signal(7), as on x86 and
 * ARM, less SIGCHLD and SIGURG, which by default do nothing and come all the time.
 */
export const signals = {
  ...({ SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGBUS: 7, SIGFPE: 8 } as const),
  ...({ SIGKILL: 9, SIGUSR1: 10, SIGSEGV: 11, SIGUSR2: 12, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15 } as const),
  ...({ SIGSTKFLT: 16, SIGCONT: 18, SIGSTOP: 19, SIGTSTP: 20, SIGTTIN: 21, SIGTTOU: 22, SIGXCPU: 24 } as const),
  ...({ SIGXFSZ: 25, SIGVTALRM: 26, SIGPROF: 27, SIGWINCH: 28, SIGIO: 29, SIGPWR: 30, SIGSYS: 31 } as const),
} as const;
/** Those that stop whoever gets them (signal(7)). */
export const stoppingSignals: readonly string[] = ["SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"];

/** reboot(2): whether Ctrl-Alt-Del boots at once */
export const rebootCommands = { LINUX_REBOOT_CMD_CAD_OFF: 0, LINUX_REBOOT_CMD_CAD_ON: 0x89abcdef } as const;

/** syslog(2): what moves the console's level */
export const syslogTypes = {
  SYSLOG_ACTION_CLEAR: 5,
  SYSLOG_ACTION_CONSOLE_OFF: 6,
  SYSLOG_ACTION_CONSOLE_ON: 7,
  SYSLOG_ACTION_CONSOLE_LEVEL: 8,
} as const;

/** fsconfig(2): what changes a file system that is in use */
export const fsconfigCommands = { FSCONFIG_CMD_RECONFIGURE: 7 } as const;

/** ioctl(2): attributes of files that chattr(1) sets (linux/fs.h); the latter is the 32-bit form of the former. */
export const fileIoctls = {
  FS_IOC_SETFLAGS: 0x40086602,
  FS_IOC32_SETFLAGS: 0x40046602,
  FS_IOC_FSSETXATTR: 0x401c5820,
  FS_IOC_SETVERSION: 0x40087602,
  FS_IOC_ENABLE_VERITY: 0x40806685,
} as const;

/** loop(4), linux/fs.h, linux/dm-ioctl.h, linux/raid/md_u.h */
export const storageIoctls = {
  BLKROSET: 0x125d,
  BLKRRPART: 0x125f,
  BLKRASET: 0x1262,
  BLKPG: 0x1269,
  LOOP_SET_FD: 0x4c00,
  LOOP_CLR_FD: 0x4c01,
  LOOP_SET_STATUS: 0x4c02,
  LOOP_SET_STATUS64: 0x4c04,
  LOOP_CHANGE_FD: 0x4c06,
  LOOP_SET_CAPACITY: 0x4c07,
  LOOP_SET_DIRECT_IO: 0x4c08,
  LOOP_SET_BLOCK_SIZE: 0x4c09,
  LOOP_CONFIGURE: 0x4c0a,
  LOOP_CTL_ADD: 0x4c80,
  LOOP_CTL_REMOVE: 0x4c81,
  DM_REMOVE_ALL: 0xc138fd01,
  DM_DEV_CREATE: 0xc138fd03,
  DM_DEV_REMOVE: 0xc138fd04,
  DM_DEV_RENAME: 0xc138fd05,
  DM_DEV_SUSPEND: 0xc138fd06,
  DM_TABLE_LOAD: 0xc138fd09,
  MD_RUN_ARRAY: 0x400c0930,
  MD_STOP_ARRAY: 0x932,
  FIFREEZE: 0xc0045877,
  FITHAW: 0xc0045878,
} as const;

/** netdevice(7), arp(7), linux/sockios.h, linux/if_tun.h */
export const networkIoctls = {
  SIOCADDRT: 0x890b,
  SIOCDELRT: 0x890c,
  SIOCSIFFLAGS: 0x8914,
  SIOCSIFADDR: 0x8916,
  SIOCSIFDSTADDR: 0x8918,
  SIOCSIFBRDADDR: 0x891a,
  SIOCSIFNETMASK: 0x891c,
  SIOCSIFMETRIC: 0x891e,
  SIOCSIFMTU: 0x8922,
  SIOCSIFNAME: 0x8923,
  SIOCSIFHWADDR: 0x8924,
  SIOCDIFADDR: 0x8936,
  SIOCSIFTXQLEN: 0x8943,
  SIOCETHTOOL: 0x8946,
  SIOCDARP: 0x8953,
  SIOCSARP: 0x8955,
  SIOCBRADDBR: 0x89a0,
  SIOCBRDELBR: 0x89a1,
  SIOCBRADDIF: 0x89a2,
  SIOCBRDELIF: 0x89a3,
  TUNSETIFF: 0x400454ca,
  TUNSETPERSIST: 0x400454cb,
} as const;
