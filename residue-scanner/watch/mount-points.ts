import type { KernelCalls } from "./kernel-calls.ts";

/** The same on all architectures (asm-generic/unistd.h). */
const statmountCall = 457;
const listmountCall = 458;
/** struct mnt_id_req of linux/mount.h, in its first version. */
const requestBytes = 24;
const rootOfAll = 0xffff_ffff_ffff_ffffn;
/** STATMOUNT_MNT_POINT, and where struct statmount has its offset among the texts behind it. */
const wantPoint = 0x10n;
const pointAt = 108;
const textsAt = 512;
const answerBytes = 16 * 1024;
const idsAtOnce = 512;

/** Where each mount of this mount namespace is, by the id that no other mount ever gets (statmount(2), Linux 6.8). */
export class MountPoints {
  private readonly calls: KernelCalls;
  private readonly points = new Map<bigint, string>();
  private readonly request = new DataView(new ArrayBuffer(requestBytes));
  private readonly answer = Buffer.from(new ArrayBuffer(answerBytes));
  private readonly ids = new DataView(new ArrayBuffer(idsAtOnce * 8));

  constructor(calls: KernelCalls) {
    this.calls = calls;
    this.learnAll();
  }

  /** @returns one character a byte; null for one that is gone again */
  learn(id: bigint): string | null {
    const point = this.pointOf(id);
    if (point !== null) this.points.set(id, point);
    return point;
  }

  /** @returns where it was */
  forget(id: bigint): string | null {
    const point = this.points.get(id) ?? null;
    this.points.delete(id);
    return point;
  }

  private learnAll(): void {
    let last = 0n;
    for (;;) {
      const count = this.ask(listmountCall, { id: rootOfAll, parameter: last }, [this.ids, idsAtOnce]);
      for (let index = 0; index < count; index += 1) {
        last = this.ids.getBigUint64(index * 8, true);
        this.learn(last);
      }
      if (count < idsAtOnce) return;
    }
  }

  private pointOf(id: bigint): string | null {
    const { answer } = this;
    if (this.ask(statmountCall, { id, parameter: wantPoint }, [answer, answerBytes]) !== 0) return null;
    const start = textsAt + answer.readUInt32LE(pointAt);
    return answer.toString("latin1", start, answer.indexOf(0, start));
  }

  private ask(
    call: number,
    { id, parameter }: { readonly id: bigint; readonly parameter: bigint },
    [view, room]: readonly [ArrayBufferView, number],
  ): number {
    this.request.setUint32(0, requestBytes, true);
    this.request.setBigUint64(8, id, true);
    this.request.setBigUint64(16, parameter, true);
    const { calls } = this;
    return calls.syscall(call, calls.addressOf(this.request), calls.addressOf(view), room, 0);
  }
}
