import { dirname, join } from 'node:path'
import type { Clock } from '../core/contracts.ts'
import { systemCode } from '../core/errors.ts'
import { CarefulReader, type GiveUp } from './careful-reader.ts'
import type { Disk, DiskFile } from './disk.ts'
import { BLOCK_BYTES } from './frame.ts'
import { withFile, writeAll } from './segment.ts'

/** So long a folder that took a write counts as one that does. */
const PROOF_MS = 1000
/** Places of a file are given up when it could not be read for so long. */
export const PATIENCE_MS = 10_000
/** After so long without a failure, the next one is a new beginning. */
const FORGET_MS = 60_000

/** When the failures of a file began, and the latest; monotonic. */
interface Failing {
  readonly since: number
  readonly last: number
  /** When its folder took a write. */
  readonly proven: number
}

/** Kept over attempts to open the same log. */
const failing = new WeakMap<Disk, Map<string, Failing>>()

/**
 * Gives a place of a file, or all of it, up once the file could not be read for ten seconds while its folder takes
 * synced writes. Until then, and while the disk as a whole is out of reach, the error stands: what is there may be
 * readable again later.
 */
export function patientReader(disk: Disk, clock: Clock, path: string): GiveUp {
  return async (_position, error) => {
    const files = failing.get(disk) ?? new Map<string, Failing>()
    failing.set(disk, files)
    const now = clock.monotonic()
    const known = files.get(path)
    const before = known !== undefined && now - known.last <= FORGET_MS ? known : undefined
    const since = before?.since ?? now
    const proven = before?.proven ?? -Infinity
    files.set(path, { since, last: now, proven })
    if (now - since < PATIENCE_MS) throw error
    if (now - proven < PROOF_MS) return
    if (!(await takesWrites(disk, dirname(path)))) throw error
    files.set(path, { since, last: now, proven: now })
  }
}

/** Opens a file to read what can be read of it, hands it over, and closes it whatever happens. */
export async function withReader<T>(
  { disk, clock }: { readonly disk: Disk; readonly clock: Clock },
  path: string,
  work: (reads: CarefulReader, file: DiskFile) => Promise<T>
): Promise<T> {
  return withFile(disk, path, { create: false, synced: false }, file =>
    work(new CarefulReader(file, patientReader(disk, clock, path)), file)
  )
}

async function takesWrites(disk: Disk, folder: string): Promise<boolean> {
  const path = join(folder, 'millrace.probe')
  try {
    await withFile(disk, path, { create: true, synced: true }, file =>
      writeAll(file, Buffer.alloc(BLOCK_BYTES), 0)
    )
    await disk.unlink(path)
    return true
  } catch (error) {
    return systemCode(error) === 'ENOSPC'
  }
}
