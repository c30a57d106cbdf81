/**
 * The kernel's file events as bytes (fanotify(7)): one `fanotify_event_metadata` after the other, each followed by its
 * information records. Names and directories stay where they are in the buffer, because a burst brings hundreds of
 * thousands of them a second.
 */
export const fileEventMask = {
  modified: 0x2,
  attributes: 0x4,
  closedAfterWriting: 0x8,
  movedFrom: 0x40,
  movedTo: 0x80,
  created: 0x100,
  deleted: 0x200,
  openedToRun: 0x1000,
  overflow: 0x4000,
  renamed: 0x1000_0000,
  onDirectory: 0x4000_0000,
} as const;

const metadataBytes = 24;
const metadataVersion = 3;
const maskHighAt = 12;
const pidAt = 20;
const recordHeaderBytes = 4;
/** The file system's id (8), the handle's length (4) and type (4) stand between a record's header and the handle. */
const handleAt = 20;
const handleLengthAt = 12;

/** FAN_EVENT_INFO_TYPE_… of linux/fanotify.h. */
const recordType = {
  target: 1,
  directoryAndName: 2,
  directory: 3,
  oldDirectoryAndName: 10,
  newDirectoryAndName: 12,
} as const;

/**
 * One name in one directory, as places in the buffer. The directory is its file system's id and its handle, exactly as
 * the kernel wrote them; `directoryEnd` is 0 where the event names none.
 */
export class NamePlace {
  directoryStart = 0;
  directoryEnd = 0;
  nameStart = 0;
  nameEnd = 0;
}

/** Walks the events of one read(2). */
export class FileEventCursor {
  mask = 0;
  /** Of the process, not of the thread; 0 for one that this PID namespace does not see. */
  pid = 0;
  /** Where it happened; of a rename, the new name. */
  readonly at = new NamePlace();
  /** Of a rename, the old name. */
  readonly from = new NamePlace();
  /** The file itself, in place of a directory; it has no name. */
  readonly target = new NamePlace();
  readonly bytes: Uint8Array;
  private readonly view: DataView;
  private next = 0;
  private end = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @param length how many bytes of the buffer read(2) filled */
  rewind(length: number): void {
    this.next = 0;
    this.end = length;
  }

  /**
   * @returns false after the last event
   * @throws RangeError for bytes that are no events of this version
   */
  advance(): boolean {
    const { view, next } = this;
    if (next >= this.end) return false;
    const length = next + metadataBytes <= this.end ? view.getUint32(next, true) : 0;
    if (length < metadataBytes || next + length > this.end || view.getUint8(next + 4) !== metadataVersion)
      throw new RangeError(`no file event of version ${metadataVersion} at byte ${next} of ${this.end}`);
    // The upper half of the mask holds no flag yet; one there would be an event that nobody asked for.
    this.mask = view.getUint32(next + 8, true) + (view.getUint32(next + maskHighAt, true) > 0 ? 2 ** 32 : 0);
    this.pid = view.getInt32(next + pidAt, true);
    this.at.directoryEnd = 0;
    this.from.directoryEnd = 0;
    this.target.directoryEnd = 0;
    this.readRecords(next + view.getUint16(next + 6, true), next + length);
    this.next = next + length;
    return true;
  }

  /** Of all events that were read, whose they are; of several of one pid in a row it is there once. Nothing moves on. */
  pidsInTurn(): number[] {
    const { view, end } = this;
    const pids: number[] = [];
    for (let at = 0; at + metadataBytes <= end; at += Math.max(metadataBytes, view.getUint32(at, true))) {
      const pid = view.getInt32(at + pidAt, true);
      if (pid !== pids.at(-1)) pids.push(pid);
    }
    return pids;
  }

  private readRecords(start: number, end: number): void {
    const { view } = this;
    for (let at = start; at + recordHeaderBytes <= end; ) {
      const type = view.getUint8(at);
      const length = view.getUint16(at + 2, true);
      if (length < recordHeaderBytes || at + length > end)
        throw new RangeError(`a record of ${length} bytes at byte ${at} of an event that ends at ${end}`);
      if (type === recordType.oldDirectoryAndName) this.readName(this.from, at, at + length);
      else if (type === recordType.directoryAndName || type === recordType.newDirectoryAndName)
        this.readName(this.at, at, at + length);
      else if (type === recordType.target) this.readName(this.target, at, at + length);
      else if (type === recordType.directory) this.readName(this.at, at, at + length);
      at += length;
    }
  }

  private readName(place: NamePlace, record: number, end: number): void {
    const directoryEnd = record + handleAt + this.view.getUint32(record + handleLengthAt, true);
    if (directoryEnd > end) throw new RangeError(`a file handle at byte ${record} that ends beyond its record`);
    place.directoryStart = record + recordHeaderBytes;
    place.directoryEnd = directoryEnd;
    place.nameStart = directoryEnd;
    let nameEnd = directoryEnd;
    while (nameEnd < end && this.bytes[nameEnd] !== 0) nameEnd += 1;
    place.nameEnd = nameEnd;
  }
}
