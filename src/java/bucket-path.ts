import type { EventBatch } from '../core/batch.ts'
import { AgentError } from '../core/errors.ts'
import { parseJavaLong } from '../core/numbers.ts'
import {
  parseTemplate,
  steadyMs,
  timeFormat,
  type HostNames,
  type TemplatePart
} from './bucket-path-template.ts'
import { filled, headersInPath } from './header-in-path.ts'
import { roundDown, type Rounding } from './round-time.ts'
import { defaultTimeZoneId, timeZone } from './time-zone.ts'

export interface BucketPathOptions {
  /** Zone id; the system's zone when absent. */
  readonly timeZone?: string | undefined
  /** Rounds the time before it is written, `%t` excepted. */
  readonly round?: Rounding | undefined
  /** Takes the time from `now` instead of the `timestamp` header. */
  readonly useLocalTime: boolean
  /** Keeps values of headers from leading out of the folder by `..`, and from holding a NUL; Flume does not. */
  readonly staysInFolder?: boolean
  /** Needed where the template names this host: see `needsHostNames`. */
  readonly host?: HostNames | undefined
}

/** A template with Flume's escapes, ready to be filled in event by event. */
export interface BucketPath {
  /** Whether every event must have a numeric `timestamp` header. */
  readonly needsTimestamp: boolean
  /** Whether the text can differ between events of a batch. */
  readonly needsHeaders: boolean
  /** The text where it is the same for ever. */
  readonly constant: string | undefined
  /**
   * The text for one event; equal texts are mostly the same string object. `now` is the local time in ms: give the same
   * one for all templates of a batch. Throws ERR_BAD_EVENT for a timestamp that is missing or unusable.
   */
  expand(batch: EventBatch, index: number, now: number): string
}

/** The events of a batch that share one text. */
export interface Bucket {
  readonly path: string
  /** Their indexes, ascending; undefined for the whole batch. */
  readonly indexes: Uint32Array | undefined
}

/** Compiles a template; throws ERR_CONFIG for an unknown `%[name]` or a rounding value that is too large. */
export function compileBucketPath(template: string, options: BucketPathOptions): BucketPath {
  const parts = parseTemplate(template, options.host)
  const [only] = parts
  if (parts.every(part => part.kind === 'text')) {
    const constant = only?.kind === 'text' ? only.text : ''
    return { needsTimestamp: false, needsHeaders: false, constant, expand: () => constant }
  }
  return new CompiledPath(parts, options)
}

/** Groups a batch by text, in order of first appearance. One string compare per event while the text stays. */
export function bucketsOf(compiled: BucketPath, batch: EventBatch, now: number): Bucket[] {
  if (batch.length === 0) return []
  const first = compiled.expand(batch, 0, now)
  if (!compiled.needsHeaders) return [{ path: first, indexes: undefined }]
  let same = 1
  while (same < batch.length && compiled.expand(batch, same, now) === first) same++
  if (same === batch.length) return [{ path: first, indexes: undefined }]
  return splitBuckets(compiled, batch, now, same)
}

/** The general case; the first `same` events share a text. */
function splitBuckets(compiled: BucketPath, batch: EventBatch, now: number, same: number): Bucket[] {
  let path = compiled.expand(batch, 0, now)
  let indexes = Array.from({ length: same }, (_, index) => index)
  const byPath = new Map([[path, indexes]])
  for (let index = same; index < batch.length; index++) {
    const next = compiled.expand(batch, index, now)
    if (next !== path) {
      path = next
      indexes = byPath.get(path) ?? []
      byPath.set(path, indexes)
    }
    indexes.push(index)
  }
  return Array.from(byPath, ([text, chosen]) => ({ path: text, indexes: Uint32Array.from(chosen) }))
}

/** The texts around the values that come from headers, for one moment; and the whole texts made from it so far. */
interface Skeleton {
  readonly texts: readonly string[]
  readonly paths: Map<string, string>
}

/** More texts than this are not kept: headers may come from anywhere. */
const MAX_KEPT = 8192

class CompiledPath implements BucketPath {
  readonly needsTimestamp: boolean
  readonly needsHeaders: boolean
  readonly constant = undefined
  readonly #parts: readonly CompiledPart[]
  /** Header names in order of use; undefined for the timestamp's own text. */
  readonly #values: readonly (string | undefined)[]
  readonly #useLocalTime: boolean
  readonly #staysInFolder: boolean
  readonly #timed: boolean
  /** A timestamp that no number can hold is written exactly. */
  readonly #hasLong: boolean
  readonly #round: ((epochMs: number) => number) | undefined
  readonly #momentOf: (epochMs: number) => number
  readonly #skeletons = new Map<number, Skeleton>()
  #kept = 0
  #lastMoment = NaN
  #lastSkeleton: Skeleton = { texts: [], paths: new Map() }
  #lastTimestamp: string | undefined
  #lastEpochMs = 0
  /** The same where a number cannot hold it. */
  #lastLong: bigint | undefined

  constructor(parts: readonly TemplatePart[], options: BucketPathOptions) {
    const zone = timeZone(options.timeZone ?? defaultTimeZoneId({ variables: {}, properties: {} }))
    const letters = parts.flatMap(part => (part.kind === 'time' ? [part.letter] : []))
    this.#parts = parts.map(part =>
      part.kind === 'time' && part.letter !== 's' ? timeFormat(part.letter, zone) : part
    )
    this.#hasLong = letters.includes('s') && options.round === undefined
    this.#values = parts.flatMap(valueNames)
    this.#timed = letters.length > 0 || parts.some(part => part.kind === 'timestamp')
    this.#useLocalTime = options.useLocalTime
    this.#staysInFolder = options.staysInFolder ?? false
    this.#round = this.#timed && options.round !== undefined ? roundDown(options.round, zone) : undefined
    this.needsTimestamp = this.#timed && !options.useLocalTime
    this.needsHeaders = this.needsTimestamp || parts.some(part => part.kind === 'header')
    const steady = steadyMs(letters)
    this.#momentOf =
      letters.length === 0
        ? () => 0
        : steady === undefined
          ? epochMs => Math.floor(epochMs / 1000)
          : epochMs => Math.floor((epochMs + zone.offset(epochMs)) / steady)
  }

  expand(batch: EventBatch, index: number, now: number): string {
    const skeleton = this.#skeletonAt(this.#timed ? this.#epochMs(batch, index, now) : 0)
    const values = this.#values
    if (values.length === 0) return skeleton.texts[0] ?? ''
    if (values.length === 1) {
      const only = this.#value(batch, index, now, values[0])
      return skeleton.paths.get(only) ?? this.#fill(skeleton, only, [only])
    }
    let key = ''
    const all: string[] = []
    for (const name of values) {
      const value = this.#value(batch, index, now, name)
      key += `${value.length}:${value}`
      all.push(value)
    }
    return skeleton.paths.get(key) ?? this.#fill(skeleton, key, all)
  }

  #value(batch: EventBatch, index: number, now: number, name: string | undefined): string {
    if (name === undefined && this.#useLocalTime) return String(now)
    return batch.headers.get(index, name ?? 'timestamp') ?? ''
  }

  #fill(skeleton: Skeleton, key: string, values: readonly string[]): string {
    const { texts } = skeleton
    const path = filled(texts, this.#staysInFolder ? headersInPath(texts, values) : values)
    this.#keep()
    skeleton.paths.set(key, path)
    return path
  }

  /** Makes room for one more text. */
  #keep(): void {
    if (++this.#kept <= MAX_KEPT) return
    for (const { paths } of this.#skeletons.values()) paths.clear()
    this.#skeletons.clear()
    this.#lastMoment = NaN
    this.#kept = 1
  }

  /** The time to write: local or from the header, rounded. */
  #epochMs(batch: EventBatch, index: number, now: number): number {
    const epochMs = this.#useLocalTime ? now : this.#timestamp(batch, index)
    return this.#round === undefined ? epochMs : this.#round(epochMs)
  }

  #timestamp(batch: EventBatch, index: number): number {
    const text = batch.headers.get(index, 'timestamp')
    if (text !== undefined && text === this.#lastTimestamp) return this.#lastEpochMs
    const timestamp = parseTimestamp(text, index)
    this.#lastEpochMs = Number(timestamp)
    this.#lastLong =
      typeof timestamp === 'bigint' && !Number.isSafeInteger(this.#lastEpochMs) ? timestamp : undefined
    this.#lastTimestamp = text
    return this.#lastEpochMs
  }

  #skeletonAt(epochMs: number): Skeleton {
    if (this.#hasLong && !this.#useLocalTime && this.#lastLong !== undefined)
      return { texts: this.#write(epochMs, this.#lastLong), paths: new Map() }
    const moment = this.#momentOf(epochMs)
    if (moment === this.#lastMoment) return this.#lastSkeleton
    let skeleton = this.#skeletons.get(moment)
    if (skeleton === undefined) {
      this.#keep()
      skeleton = { texts: this.#write(epochMs), paths: new Map() }
      this.#skeletons.set(moment, skeleton)
    }
    this.#lastMoment = moment
    this.#lastSkeleton = skeleton
    return skeleton
  }

  #write(epochMs: number, long?: bigint): string[] {
    const texts: string[] = []
    let text = ''
    for (const part of this.#parts) {
      if (typeof part === 'function') text += part(epochMs)
      else if (part.kind === 'text') text += part.text
      else if (part.kind === 'time') text += secondsOf(epochMs, long)
      else {
        texts.push(text)
        text = ''
      }
    }
    texts.push(text)
    return texts
  }
}

function valueNames(part: TemplatePart): (string | undefined)[] {
  if (part.kind === 'header') return [part.name]
  return part.kind === 'timestamp' ? [undefined] : []
}

type CompiledPart = TemplatePart | ((epochMs: number) => string)

const NO_TIMESTAMP = 'Expected timestamp in the Flume event headers, but it was null'
const BAD_TIMESTAMP =
  "Flume wasn't able to parse timestamp header in the event to resolve time based bucketing. " +
  "Please check that you're correctly populating timestamp header (for example using TimestampInterceptor source " +
  'interceptor).'

const PLAIN_DIGITS = /^\d{1,15}$/

function parseTimestamp(text: string | undefined, index: number): number | bigint {
  if (text === undefined) throw new AgentError('ERR_BAD_EVENT', NO_TIMESTAMP, { index })
  if (PLAIN_DIGITS.test(text)) return Number(text)
  const value = hasBlankEnd(text) ? undefined : parseJavaLong(text)
  if (value === undefined) throw new AgentError('ERR_BAD_EVENT', BAD_TIMESTAMP, { index, timestamp: text })
  return value
}

/** `%s`; `long` is the time where a number cannot hold it. */
function secondsOf(epochMs: number, long: bigint | undefined): string {
  return String(long === undefined ? Math.trunc(epochMs / 1000) : long / 1000n)
}

/** Java parses the header untrimmed. */
function hasBlankEnd(text: string): boolean {
  return text.charCodeAt(0) <= 0x20 || text.charCodeAt(text.length - 1) <= 0x20
}
