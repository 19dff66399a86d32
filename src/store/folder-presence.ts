import type { Log } from '../core/contracts.ts'
import { AgentError, messageOf, systemCode } from '../core/errors.ts'
import type { Disk, FolderStamp } from './disk.ts'

const AWAY =
  'A data folder is not there any more, or another one has its name: nothing is written there until it is back.'

/**
 * Whether the folders of a log are still those that it was opened in. One may be moved or removed, its disk may go, or
 * another be mounted over it: what is there under its name then is nobody's to write to, and tells nothing of the log.
 */
export class FolderPresence {
  readonly #disk: Disk
  readonly #log: Log
  readonly #own: ReadonlyMap<string, string>
  /** Why, by folder. */
  readonly #away = new Map<string, string>()

  private constructor(disk: Disk, log: Log, own: ReadonlyMap<string, string>) {
    this.#disk = disk
    this.#log = log
    this.#own = own
  }

  /** Folders as they are now. Rejects when one is not there. */
  static async of(disk: Disk, folders: readonly string[], log: Log): Promise<FolderPresence> {
    const own = new Map<string, string>()
    for (const folder of folders) own.set(folder, (await disk.stamp(folder)).identity)
    return new FolderPresence(disk, log, own)
  }

  get folders(): readonly string[] {
    return [...this.#own.keys()]
  }

  /** For who wants to know what is wrong; undefined while all are there. */
  get problem(): AgentError | undefined {
    const [first] = this.#away
    return first && awayError(...first)
  }

  /** As the latest look found. */
  isThere(folder: string): boolean {
    return !this.#away.has(folder)
  }

  /** Those that are there. */
  get there(): readonly string[] {
    return this.folders.filter(folder => this.isThere(folder))
  }

  /** Looks at a folder, and says what has changed; undefined when it is not there. */
  async look(folder: string): Promise<FolderStamp | undefined> {
    const { stamp, reason } = await this.#find(folder)
    if (reason === undefined) {
      if (this.#away.delete(folder)) this.#log.info('A data folder is back.', { folder })
      return stamp
    }
    if (!this.#away.has(folder)) this.#log.error(AWAY, { folder, reason })
    this.#away.set(folder, reason)
    return undefined
  }

  /** Rejects with ERR_CHANNEL unless the folder is there. */
  async need(folder: string): Promise<void> {
    if ((await this.look(folder)) === undefined) throw awayError(folder, this.#away.get(folder) ?? '')
  }

  async #find(folder: string): Promise<{ readonly stamp?: FolderStamp; readonly reason?: string }> {
    try {
      const stamp = await this.#disk.stamp(folder)
      if (stamp.identity === this.#own.get(folder)) return { stamp }
      return { reason: 'Another folder has its name, or another disk is mounted there.' }
    } catch (error) {
      return { reason: systemCode(error) === 'ENOENT' ? 'No folder has its name.' : messageOf(error) }
    }
  }
}

function awayError(folder: string, reason: string): AgentError {
  return new AgentError('ERR_CHANNEL', `The data folder ${folder} is not there any more: ${reason}`, {
    folder
  })
}
