import type { EventBatch } from '../../../core/batch.ts'
import { AgentError, reasonOf } from '../../../core/errors.ts'
import type { Details } from '../../../core/metrics.ts'
import type { FileSystem } from '../../../fs/file-system.ts'
import type { OpenedPath, openFileSystem } from '../../../fs/open.ts'
import { normalizePath } from '../../../fs/paths.ts'
import { bucketsOf, compileBucketPath, type Bucket, type BucketPath } from '../../../java/bucket-path.ts'
import { needsHostNames } from '../../../java/bucket-path-template.ts'
import { defaultTimeZoneId } from '../../../java/time-zone.ts'
import { hostNames } from '../../../net/host-names.ts'
import { BucketWriter, type BucketParts } from './bucket-writer.ts'
import { FileCloser } from './file-closer.ts'
import { fileFormat } from './file-formats.ts'
import { inUseNameReader, join, splitTemplate, type NameParts } from './file-names.ts'
import { recoverLeftovers } from './recovery.ts'
import type { FileRow, OpenFile } from './open-file.ts'
import type { HdfsContext } from './metrics.ts'
import { roundingOf, type HdfsSettings } from './settings.ts'
import { TimedCalls } from './timed-calls.ts'

/** Between the folder and the prefix of a bucket's key; no file name can hold it. */
const KEY_SEPARATOR = '\0'
/** Values of headers can add folder levels; so many more are searched for leftovers. */
const MORE_LEVELS = 2

/** One run of a sink: the open store, the buckets with their files, and the files that are being completed. */
export class Store {
  readonly #settings: HdfsSettings
  readonly #context: HdfsContext
  readonly #fileSystem: FileSystem
  /** The leading folders of `hdfs.path` without escapes. */
  readonly #root: string
  readonly #template: BucketPath
  readonly #nameParts: NameParts
  readonly #calls: TimedCalls
  readonly #closer: FileCloser
  readonly #bucketParts: BucketParts
  /** Least recently used first. */
  readonly #buckets = new Map<string, BucketWriter>()
  readonly #ending = new AbortController()
  #recovery: Promise<void> = Promise.resolve()
  #highestCounter = 0

  /**
   * Opens the store of `hdfs.path`. A remote one is asked for nothing yet; on this machine the folder is made. Rejects
   * with ERR_CONFIG, ERR_UNSUPPORTED or ERR_START.
   */
  static async open(
    settings: HdfsSettings,
    context: HdfsContext,
    open: typeof openFileSystem
  ): Promise<Store> {
    const { environment, clock, log } = context
    const { constant } = splitTemplate(settings.path)
    const opened = await open(constant === '' ? '.' : constant, {
      environment,
      clock,
      log,
      proxyUser: settings.proxyUser,
      delegationToken: settings.delegationToken?.read()
    })
    await makeLocalFolder(opened)
    return new Store(settings, context, opened, await compileKey(settings, context))
  }

  private constructor(
    settings: HdfsSettings,
    context: HdfsContext,
    opened: OpenedPath,
    template: BucketPath
  ) {
    this.#settings = settings
    this.#context = context
    this.#fileSystem = opened.fileSystem
    this.#root = opened.path
    this.#template = template
    const format = fileFormat(settings, context)
    this.#nameParts = {
      inUsePrefix: settings.inUsePrefix,
      inUseSuffix: settings.emptyInUseSuffix ? '' : settings.inUseSuffix,
      suffix: format.suffix
    }
    const failed = (): void => {
      context.counters.ConnectionFailedCount += 1
    }
    const took = (ms: number): void => context.timers.StoreCallMillis.add(ms)
    this.#calls = new TimedCalls(context.clock, settings.callTimeout, failed, took)
    this.#closer = this.#newCloser()
    this.#bucketParts = this.#newBucketParts(() => format.newEncoder())
  }

  /** Where files go, escape sequences included. */
  get location(): string {
    return this.#fileSystem.uri + join(this.#root, splitTemplate(this.#settings.path).rest)
  }

  /** Most buckets that may be written at the same time. */
  get atOnce(): number {
    return Math.min(this.#settings.threadsPoolSize, this.#settings.maxOpenFiles)
  }

  /** Most files that are open at the same time. */
  get mostOpen(): number {
    return this.#settings.maxOpenFiles
  }

  /** Files that are not complete: those being written, then those being closed. */
  get files(): readonly (readonly [OpenFile, 'writing' | 'closing'])[] {
    return [
      ...[...this.#buckets.values()].flatMap(({ file }) =>
        file === undefined ? [] : [[file, 'writing'] as const]
      ),
      ...this.#closer.files.map(file => [file, 'closing'] as const)
    ]
  }

  /** As `details` of a sink. */
  get details(): Details<FileRow> {
    const { files } = this
    return {
      total: files.length,
      rows: files.values().map(([file, state]) => file.row(state, this.#fileSystem.uri))
    }
  }

  /** In-use files that are not complete. */
  get left(): readonly string[] {
    const open = [...this.#buckets.values()].flatMap(({ openPath }) => openPath ?? [])
    return [...open, ...this.#closer.left]
  }

  /** The events sorted into buckets; `path` is for append(). Throws ERR_BAD_EVENT where an event lacks its timestamp. */
  bucketsOf(batch: EventBatch): readonly Bucket[] {
    return bucketsOf(this.#template, batch, this.#context.clock.now())
  }

  /** Opens what the first event of a bucket goes to. */
  async prepare(key: string, batch: EventBatch): Promise<void> {
    await (await this.#bucket(key)).prepare(batch)
  }

  /** Writes and flushes the events of one bucket. */
  async append(key: string, batch: EventBatch): Promise<void> {
    await (await this.#bucket(key)).append(batch)
  }

  /** Begins to look for files that an earlier run left, by a crash or named in `left`. */
  recover(left: readonly string[]): void {
    const readName = inUseNameReader(this.#settings.filePrefix, this.#nameParts)
    if (readName === undefined) return
    const { clock, log } = this.#context
    const { path, callTimeout } = this.#settings
    const { rest } = splitTemplate(path)
    const depth = rest === '' ? 0 : rest.split('/').length + MORE_LEVELS
    const calls = new TimedCalls(clock, callTimeout, () => {})
    const parts = {
      fileSystem: this.#fileSystem,
      calls,
      clock,
      log,
      root: this.#root,
      depth,
      nameParts: this.#nameParts,
      readName,
      before: clock.now() - process.uptime() * 1000,
      left: new Set(left),
      retryMs: this.#retryMs
    }
    this.#recovery = recoverLeftovers(parts, this.#ending.signal)
  }

  /** Completes all files, those in hand once `delivering` has ended. What failed before is tried once more. */
  async stop(delivering: Promise<void>): Promise<void> {
    this.#ending.abort()
    await Promise.all([...this.#buckets.values()].map(bucket => bucket.retireSoon('stop')))
    await delivering
    // What the delivery opened meanwhile.
    await Promise.all([...this.#buckets.values()].map(bucket => bucket.retire('stop')))
    await this.#closer.stop()
    await this.#recovery
  }

  /** Gives the connection to the store back. */
  async close(): Promise<void> {
    await this.#fileSystem.close()
  }

  get #retryMs(): number {
    return Math.max(this.#settings.retryInterval, 1) * 1000
  }

  /** The bucket of a key, as the most recently used one. */
  async #bucket(key: string): Promise<BucketWriter> {
    const known = this.#buckets.get(key)
    if (known !== undefined) this.#buckets.delete(key)
    const bucket = known ?? this.#newBucket(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size > this.#settings.maxOpenFiles) await this.#makeRoom()
    return bucket
  }

  /** Completes the least recently used files that are not being written. */
  async #makeRoom(): Promise<void> {
    const idle = [...this.#buckets.values()].filter(({ busy }) => !busy)
    const excess = idle.slice(0, this.#buckets.size - this.#settings.maxOpenFiles)
    await Promise.all(excess.map(bucket => bucket.retire('maxOpenFiles')))
  }

  #newBucket(key: string): BucketWriter {
    const at = key.indexOf(KEY_SEPARATOR)
    const folder = normalizePath(join(this.#root, key.slice(0, at)))
    const prefix = key.slice(at + 1).replaceAll(KEY_SEPARATOR, '')
    const counter = Math.max(this.#context.clock.now(), this.#highestCounter)
    return new BucketWriter(key, { folder, prefix, counter }, this.#bucketParts)
  }

  #newCloser(): FileCloser {
    const { clock, log, counters } = this.#context
    const { closeTries, retryInterval, threadsPoolSize } = this.#settings
    return new FileCloser({
      fileSystem: this.#fileSystem,
      calls: this.#calls,
      clock,
      log,
      nameParts: this.#nameParts,
      tries: retryInterval <= 0 ? 1 : closeTries <= 0 ? Infinity : closeTries,
      retryMs: this.#retryMs,
      atOnce: threadsPoolSize,
      freshCounter: () => (this.#highestCounter = Math.max(this.#highestCounter + 1, clock.now())),
      closed: () => {
        counters.ConnectionClosedCount += 1
      }
    })
  }

  #newBucketParts(newEncoder: BucketParts['newEncoder']): BucketParts {
    const { clock, log, counters } = this.#context
    const { rollCount, rollSize, rollInterval, idleTimeout, minBlockReplicas } = this.#settings
    return {
      fileSystem: this.#fileSystem,
      calls: this.#calls,
      closer: this.#closer,
      clock,
      log,
      nameParts: this.#nameParts,
      limits: { events: rollCount, bytes: rollSize },
      rollIntervalMs: rollInterval * 1000,
      idleTimeoutMs: idleTimeout * 1000,
      minBlockReplicas,
      newEncoder,
      opened: success => {
        if (success) counters.ConnectionCreatedCount += 1
        else counters.ConnectionFailedCount += 1
      },
      retired: bucket => {
        if (this.#buckets.get(bucket.key) === bucket) this.#buckets.delete(bucket.key)
        this.#highestCounter = Math.max(this.#highestCounter, bucket.counter)
      },
      fail: error => this.#context.fail(error)
    }
  }
}

/** What tells buckets apart: the part of the path below the constant folders, and the prefix, for one instant. */
async function compileKey(settings: HdfsSettings, { environment }: HdfsContext): Promise<BucketPath> {
  const template = splitTemplate(settings.path).rest + KEY_SEPARATOR + settings.filePrefix
  return compileBucketPath(template, {
    timeZone: settings.timeZone ?? defaultTimeZoneId(environment),
    round: roundingOf(settings),
    useLocalTime: settings.useLocalTimeStamp,
    staysInFolder: true,
    host: needsHostNames(template) ? await hostNames() : undefined
  })
}

/** A store on this machine that may not be written to shows before the first event. */
async function makeLocalFolder({ fileSystem, path }: OpenedPath): Promise<void> {
  if (!/^(?:embedded|file):/.test(fileSystem.uri)) return
  try {
    await fileSystem.mkdirs(path)
  } catch (error) {
    const message =
      `The folder of hdfs.path, ${fileSystem.uri}${path}, cannot be made: ${reasonOf(error)} ` +
      'Set hdfs.path, or fs.defaultFS in core-site.xml, ' +
      'to a place that may be written.'
    throw new AgentError('ERR_START', message, { store: fileSystem.uri, path }, error)
  }
}
