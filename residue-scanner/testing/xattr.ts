import koffi from "koffi";

/**
 * Sets an extended attribute, which Node cannot.
 *
 * @returns false where this file system or this user may not have any
 */
export function setXattr(path: string, name: string, value: string): boolean {
  const setxattr = koffi
    .load("libc.so.6")
    .func("int setxattr(const char *path, const char *name, const char *value, size_t size, int flags)");
  return setxattr(path, name, value, Buffer.byteLength(value), 0) === 0;
}
