import { stat } from 'node:fs/promises'
import type { EventBatch } from '../../core/batch.ts'
import { plural } from '../../core/plural.ts'
import { systemCode } from '../../core/errors.ts'
import type { Encryption } from '../../store/encryption.ts'
import type { SkippedPart } from '../../store/log-options.ts'
import { overlayDisk, type ReadDisk } from '../../store/overlay-disk.ts'
import { PinnedDisk } from '../../store/pinned-disk.ts'
import { readDisk } from '../../store/system-disk.ts'
import type { WholeLog } from '../../store/whole-log.ts'
import {
  type ChannelDamage,
  type ChannelFolder,
  findSegments,
  openLog,
  TAKE_EVENTS
} from './channel-folder.ts'

/** A look at files that an agent uses again under it is repeated so often at most. */
const MOST_LOOKS = 10

/**
 * Opens a log of ours to read it, also while an agent writes to it. What the agent uses again in the meantime was
 * delivered: what is missing or damaged for that is no damage, so the look is repeated until it shows none, or the same again.
 */
export async function openOurs(
  folders: readonly string[],
  keys: Encryption | undefined,
  disk: ReadDisk = readDisk
): Promise<ChannelFolder> {
  let before: ReadonlySet<string> | undefined
  for (let looks = 1; ; looks++) {
    const isLast = looks === MOST_LOOKS
    let look: Look
    try {
      look = await Look.open(folders, keys, new PinnedDisk(disk))
    } catch (error) {
      if (isLast || systemCode(error) !== 'ENOENT') throw error
      continue
    }
    const found = new Set(look.parts.map(keyOf))
    const isSteady = look.gone.size === 0 || [...found].every(key => before?.has(key) === true)
    if (isSteady || isLast) {
      if (!isSteady) look.pass([...found].filter(key => before?.has(key) !== true))
      return look
    }
    before = found
    await look.close()
  }
}

/** The files of a log as they were at one time, and what the agent has used again since. */
class Look implements ChannelFolder {
  readonly format = 'millrace'
  readonly files: ChannelFolder['files']
  readonly #log: WholeLog
  readonly #disk: PinnedDisk
  readonly #size: number
  readonly #lostAtStart: number
  readonly #returned: number
  /** Damages that are none. */
  readonly #passed = new Set<string>()
  /** Segments that are not there any more. */
  gone: ReadonlySet<string> = new Set()

  private constructor(log: WholeLog, disk: PinnedDisk, files: ChannelFolder['files']) {
    this.#log = log
    this.#disk = disk
    this.#size = log.size
    this.#lostAtStart = log.skippedEvents
    this.#returned = log.returnedEvents
    this.files = files
  }

  /** Closes the disk, too, when it is closed or cannot be opened. */
  static async open(
    folders: readonly string[],
    keys: Encryption | undefined,
    disk: PinnedDisk
  ): Promise<Look> {
    try {
      const log = await openLog(folders, overlayDisk(disk), keys)
      const look = new Look(log, disk, await filesIn(folders))
      look.gone = await disk.gone()
      return look
    } catch (error) {
      await disk.close()
      throw error
    }
  }

  /** What is damaged, as far as it is known by now. */
  get parts(): readonly SkippedPart[] {
    return this.#log.skipped.filter(part => !this.#isPassed(part))
  }

  /** Events of those that were found later are not held. */
  get events(): number {
    const later = this.#log.skippedEvents - this.#lostAtStart
    const real = sum(this.parts) - sum(this.#log.skippedAtStart.filter(part => !this.#isPassed(part)))
    return this.#size - later + real
  }

  get facts(): ChannelFolder['facts'] {
    const { givenUpEvents } = this.#log
    const skipped = sum(this.#log.skippedAtStart.filter(part => !this.#isPassed(part)))
    return { skipped, givenUp: Math.max(0, givenUpEvents - skipped), returned: this.#returned }
  }

  get damages(): readonly ChannelDamage[] {
    return this.parts.map(({ file, at, events, reason }) => ({
      file,
      at,
      bytes: undefined,
      lost: plural(events, 'event'),
      reason
    }))
  }

  /** These are no damages. */
  pass(keys: readonly string[]): void {
    for (const key of keys) this.#passed.add(key)
  }

  damageCount(): number {
    const { skippedParts, skipped } = this.#log
    return skippedParts - skipped.filter(part => this.#isPassed(part)).length
  }

  async *batches(): AsyncGenerator<EventBatch, undefined> {
    for (;;) {
      await using lease = await this.#log.take(TAKE_EVENTS)
      if (lease === undefined) break
      yield lease.batch
      await lease.commit()
    }
    this.gone = await this.#disk.gone()
    return undefined
  }

  async close(): Promise<void> {
    await this.#log.close()
    await this.#disk.close()
  }

  #isPassed(part: SkippedPart): boolean {
    return this.gone.has(part.file) || this.#passed.has(keyOf(part))
  }
}

async function filesIn(folders: readonly string[]): Promise<ChannelFolder['files']> {
  const files: { path: string; bytes: number }[] = []
  for (const path of await findSegments(folders)) {
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined) files.push({ path, bytes: found.size })
  }
  return files
}

function keyOf({ file, at, firstEvent }: SkippedPart): string {
  return `${file}:${at}:${firstEvent}`
}

function sum(parts: readonly SkippedPart[]): number {
  return parts.reduce((total, { events }) => total + events, 0)
}
