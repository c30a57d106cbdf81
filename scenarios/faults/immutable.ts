import { execa } from "execa";

/**
 * Lets nothing of a directory be changed any more, or again: of it, its directories and its files (FS_IMMUTABLE_FL of
 * ioctl_iflags(2)). Sockets and links have no such flag. What is open for writing can be written on.
 *
 * @throws ExecaError where the user or the file system does not allow it
 */
export async function setImmutable(path: string, immutable: boolean): Promise<void> {
  const flag = immutable ? "+i" : "-i";
  // Files may come and go while they are walked over, and no complaint about one that went is of interest.
  const which = ["-xdev", "(", "-type", "d", "-o", "-type", "f", ")", "-exec", "chattr", "-f", flag, "{}", "+"];
  await execa("find", [path, ...which], { reject: false });
  // The directory itself has to have it: this one tells.
  await execa("chattr", [flag, path]);
}
