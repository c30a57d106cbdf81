/** A run was broken off before its process had got to it: nothing was done, and there is nothing to tell. */
export class NeverBegan extends Error {
  override readonly name = "NeverBegan";
}
