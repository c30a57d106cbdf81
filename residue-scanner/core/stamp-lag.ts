/** File systems stamp with the time of the kernel's last tick (at least 100 a second), so a stamp may lie back. */
export const stampLagMs = 10;
