import { join } from 'node:path'
import type { Disk, DiskFile } from './disk.ts'
import type { FrameContext } from './frame-codec.ts'
import { BLOCK_BYTES } from './frame.ts'

const ID_DIGITS = 12
const NAME = /^(seg|free|reserve)-([0-9a-f]{12})$/

/** What a file of the log is for: events and state, reuse, or the last resort of a full disk. */
export type FileRole = 'seg' | 'free' | 'reserve'

/** One segment that holds, or may hold, events or state. */
export interface Segment extends FrameContext {
  folder: string
  path: string
  readonly size: number
  readonly salt: Buffer
  /** Encoded; of no bytes when it is lost. */
  readonly header: Buffer
  /** One of those kept for a full disk: takes and state only. */
  readonly reserve: boolean
  /** Epoch milliseconds. */
  readonly created: number
  /** The first event, or the next one where it holds none. */
  firstEvent: number
  /** Behind the last event that is on disk and not void. */
  nextEvent: number
  /** Events of the put that the first frame goes on with, in earlier parts. */
  headEvents: number
  /** Events so far of a put that has not ended here. */
  tailEvents: number
  /** Behind the last frame that is on disk. */
  end: number
  lastFrame: number
  /** The state at its begin is on disk, so that older segments do without. */
  stated: boolean
  sealed: boolean
  /** All its blocks have been written to before, so that it takes no more room. */
  readonly allocated: boolean
  /** The disk cannot read all of it: the file is kept aside, not used again. */
  unreadable: boolean
  /** A write failed: nothing is written to it any more. */
  failed: boolean
  /** Open, but no name leads to its file: what is written to it from now on is lost, and not acknowledged. */
  nameless: boolean
  /** Open for writing; undefined when nothing more is written. */
  file: DiskFile | undefined
  /** Open for reading so many times. */
  readers: number
}

/** What its file takes of the disk: all of it where it was written before, else what is written. */
export function bytesOnDisk({ allocated, size, end }: Pick<Segment, 'allocated' | 'size' | 'end'>): number {
  return allocated ? size : end
}

/** Position of something in the log. */
export interface LogPosition {
  readonly segment: Segment
  readonly position: number
}

/** Path of a file of the log. */
export function pathOf(folder: string, role: FileRole, id: number): string {
  return join(folder, `${role}-${id.toString(16).padStart(ID_DIGITS, '0')}`)
}

/** Frames have 32 bits for it, and there must be some left. */
const LARGEST_ID = 0xff00_0000

/** What a name stands for; undefined when it is none of the log's. */
export function readName(name: string): { readonly role: FileRole; readonly id: number } | undefined {
  const match = NAME.exec(name)
  const id = parseInt(match?.[2] ?? '', 16)
  return match === null || id > LARGEST_ID ? undefined : { role: match[1] as FileRole, id }
}

/** Where the seal stands. */
export function sealPosition(segment: { readonly size: number }): number {
  return segment.size - BLOCK_BYTES
}

/** Writes all of `bytes`; a write that gets nowhere is an error. */
export async function writeAll(file: DiskFile, bytes: Buffer, position: number): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const written = await file.write(done === 0 ? bytes : bytes.subarray(done), position + done)
    if (written <= 0) throw Object.assign(new Error('The disk wrote nothing.'), { code: 'EIO' })
    done += written
  }
}

/** Fills `into` from `position` on; returns how much there was up to the end of the file. */
export async function readFully(
  file: Pick<DiskFile, 'read'>,
  into: Buffer,
  position: number
): Promise<number> {
  let done = 0
  while (done < into.length) {
    const read = await file.read(done === 0 ? into : into.subarray(done), position + done)
    if (read <= 0) break
    done += read
  }
  return done
}

/** Opens a file, hands it over, and closes it whatever happens. */
export async function withFile<T>(
  disk: Disk,
  path: string,
  options: { readonly create: boolean; readonly synced: boolean },
  work: (file: DiskFile) => Promise<T>
): Promise<T> {
  const file = await disk.open(path, options)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}
