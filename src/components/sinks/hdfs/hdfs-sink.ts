import type { EventBatch } from '../../../core/batch.ts'
import type { Sink } from '../../../core/contracts.ts'
import { AgentError, reasonOf, systemCode } from '../../../core/errors.ts'
import type { Details, GaugesOf } from '../../../core/metrics.ts'
import type { openFileSystem } from '../../../fs/open.ts'
import type { Bucket } from '../../../java/bucket-path.ts'
import { eachAtOnce } from './each-at-once.ts'
import type { HdfsContext, metrics } from './metrics.ts'
import type { FileRow } from './open-file.ts'
import { orAborted } from './or-aborted.ts'
import type { HdfsSettings } from './settings.ts'
import { Store } from './store.ts'
import { Suspects } from './suspects.ts'

/** Longest time that stop() takes; what is not complete then keeps its in-use name. */
const STOP_MS = 10_000

/** Writes events to files of a store, each bucket of path and prefix to its own. */
export class HdfsSink implements Sink {
  readonly #settings: HdfsSettings
  readonly #context: HdfsContext
  readonly #open: typeof openFileSystem
  #store: Store | undefined
  #delivering: Promise<void> = Promise.resolve()
  #left: readonly string[] = []
  readonly #suspects = new Suspects()

  constructor(settings: HdfsSettings, context: HdfsContext, open: typeof openFileSystem) {
    this.#settings = settings
    this.#context = context
    this.#open = open
  }

  async start(): Promise<void> {
    if (this.#store !== undefined) return
    this.#store = await Store.open(this.#settings, this.#context, this.#open)
    this.#store.recover(this.#left)
  }

  async deliver(batch: EventBatch, signal: AbortSignal): Promise<void> {
    const store = this.#store
    if (store === undefined) throw new AgentError('ERR_STOPPED', 'The sink is not running.')
    const work = this.#write(store, batch)
    this.#delivering = work.catch(() => {})
    await orAborted(work, signal)
  }

  async stop(): Promise<void> {
    const store = this.#store
    if (store === undefined) return
    this.#store = undefined
    const { clock, log } = this.#context
    const done = new AbortController()
    const stopped = store.stop(this.#delivering).finally(() => done.abort())
    await Promise.race([stopped, clock.sleep(STOP_MS, done.signal)])
    this.#left = store.left
    if (this.#left.length > 0) {
      log.warn('Some files could not be completed. They keep their in-use names.', { files: this.#left })
    }
    await store.close()
  }

  describe(): string {
    const { path, fileType, rollInterval, rollSize, rollCount } = this.#settings
    const triggers = [
      rollInterval > 0 ? `${rollInterval} s` : undefined,
      rollSize > 0 ? `${rollSize} B` : undefined,
      rollCount > 0 ? `${rollCount} events` : undefined
    ].filter(trigger => trigger !== undefined)
    const roll = triggers.length > 0 ? `roll ${triggers.join('/')}` : 'no roll by time, size or count'
    return `${this.#store?.location ?? path} (${fileType}, ${roll})`
  }

  gauges(): GaugesOf<typeof metrics> {
    const states = this.#store?.files.map(([, state]) => state) ?? []
    const open = states.filter(state => state === 'writing').length
    return { OpenFileCount: open, ClosingFileCount: states.length - open }
  }

  details(): Details<FileRow> {
    return this.#store?.details ?? { total: 0, rows: [] }
  }

  /**
   * Every file is opened before any is written, so that a bucket without a place keeps the others from being written
   * again and again. Rejects with the first failure, once the buckets that were begun are through.
   */
  async #write(store: Store, batch: EventBatch): Promise<void> {
    const buckets = store.bucketsOf(batch)
    const order = this.#suspects.order(buckets)
    if (buckets.length > 1 && buckets.length <= store.mostOpen)
      await this.#each(store, order, ({ path, indexes }) =>
        store.prepare(path, indexes === undefined ? batch : batch.select(indexes.slice(0, 1)))
      )
    await this.#each(store, order, ({ path, indexes }) =>
      store.append(path, indexes === undefined ? batch : batch.select(indexes))
    )
    this.#suspects.clear()
  }

  async #each(
    { atOnce }: Store,
    order: readonly (readonly Bucket[])[],
    task: (bucket: Bucket) => Promise<void>
  ): Promise<void> {
    for (const group of order) {
      const failures: unknown[] = []
      await eachAtOnce(group, atOnce, async bucket => {
        try {
          await task(bucket)
        } catch (error) {
          this.#suspects.failed(bucket)
          failures.push(error)
        }
      })
      if (failures.length > 0) throw deliveryError(failures[0])
    }
  }
}

/** Trouble with the store lets the engine back off gently; everything else stays as it is. */
function deliveryError(error: unknown): unknown {
  const ours = error instanceof AgentError ? error : undefined
  const isStore = ours === undefined ? systemCode(error) !== undefined : STORE_CODES.has(ours.code)
  if (!isStore) return error
  return new AgentError('ERR_DELIVERY', 'HDFS IO error', { ...ours?.facts, reason: reasonOf(error) }, error)
}

const STORE_CODES: ReadonlySet<string> = new Set(['ERR_FILE_SYSTEM', 'ERR_TIMEOUT'])
