import type { Environment } from '../core/contracts.ts'

/** A time zone as java.util.TimeZone has it. */
export interface TimeZone {
  /** The id as Java shows it; custom offsets are normalised (`GMT+05:30`). */
  readonly id: string
  /** False when the id meant nothing and GMT took its place. */
  readonly known: boolean
  /** The IANA zone that holds the rules; undefined where the offset is fixed. */
  readonly rules: string | undefined
  /** Milliseconds that local time is ahead of UTC at that instant. A few ns, first use of a season aside. */
  offset(epochMs: number): number
}

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** Java's old three-letter ids that follow the rules of a place. */
const SHORT_IDS: Readonly<Record<string, string>> = {
  ACT: 'Australia/Darwin',
  AET: 'Australia/Sydney',
  AGT: 'America/Argentina/Buenos_Aires',
  ART: 'Africa/Cairo',
  AST: 'America/Anchorage',
  BET: 'America/Sao_Paulo',
  BST: 'Asia/Dhaka',
  CAT: 'Africa/Harare',
  CNT: 'America/St_Johns',
  CST: 'America/Chicago',
  CTT: 'Asia/Shanghai',
  EAT: 'Africa/Addis_Ababa',
  ECT: 'Europe/Paris',
  IET: 'America/Indiana/Indianapolis',
  IST: 'Asia/Kolkata',
  JST: 'Asia/Tokyo',
  MIT: 'Pacific/Apia',
  NET: 'Asia/Yerevan',
  NST: 'Pacific/Auckland',
  PLT: 'Asia/Karachi',
  PNT: 'America/Phoenix',
  PRT: 'America/Puerto_Rico',
  PST: 'America/Los_Angeles',
  SST: 'Pacific/Guadalcanal',
  VST: 'Asia/Ho_Chi_Minh',
  'SystemV/AST4ADT': 'America/Halifax',
  'SystemV/EST5EDT': 'America/New_York',
  'SystemV/CST6CDT': 'America/Chicago',
  'SystemV/MST7MDT': 'America/Denver',
  'SystemV/PST8PDT': 'America/Los_Angeles',
  'SystemV/YST9YDT': 'America/Anchorage'
}

/** Ids with one offset for all time, in hours. */
const FIXED_HOURS: Readonly<Record<string, number>> = {
  GMT: 0,
  UTC: 0,
  UCT: 0,
  Zulu: 0,
  Universal: 0,
  Greenwich: 0,
  GMT0: 0,
  EST: -5,
  MST: -7,
  HST: -10,
  'SystemV/AST4': -4,
  'SystemV/EST5': -5,
  'SystemV/CST6': -6,
  'SystemV/MST7': -7,
  'SystemV/PST8': -8,
  'SystemV/YST9': -9,
  'SystemV/HST10': -10
}

/** Zones of the IANA data base that Java leaves out. */
const NOT_IN_JAVA = new Set(['ROC', 'GMT+0', 'GMT-0'])

/** As java.util.TimeZone.getTimeZone: exact case, `GMT+h:mm` forms, GMT for anything else (`known` is false then). */
export function timeZone(id: string): TimeZone {
  const hours = Object.hasOwn(FIXED_HOURS, id) ? FIXED_HOURS[id] : undefined
  if (hours !== undefined) return fixedZone(id, hours * HOUR_MS)
  const rules = Object.hasOwn(SHORT_IDS, id) ? SHORT_IDS[id] : id
  if (rules !== undefined && isIanaZone(rules)) return new RuledZone(id, rules)
  return customZone(id) ?? { ...fixedZone('GMT', 0), known: false }
}

/** The id of the zone that a JVM started here would use: `-Duser.timezone`, then `TZ`, then the system's zone. */
export function defaultTimeZoneId(environment: Pick<Environment, 'variables' | 'properties'>): string {
  const property = environment.properties['user.timezone']
  if (property !== undefined && property !== '') return property
  const variable = environment.variables['TZ']?.replace(/^:/, '').replace(/^posix\//, '')
  if (variable !== undefined && variable !== '') return variable
  // The same name as Intl gives, without its 10 ms.
  return Temporal.Now.timeZoneId()
}

function isIanaZone(id: string): boolean {
  if (NOT_IN_JAVA.has(id) || /^[+-]/.test(id)) return false
  try {
    return new Temporal.ZonedDateTime(0n, id).timeZoneId === id
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function fixedZone(id: string, offsetMs: number): TimeZone {
  return { id, known: true, rules: undefined, offset: () => offsetMs }
}

function customZone(id: string): TimeZone | undefined {
  const match = /^GMT([+-])(?:(\d{0,2}):(\d\d)|(\d{1,2})|0*(\d{1,2})(\d\d))$/.exec(id)
  if (match === null) return undefined
  const hours = Number(match[2] ?? match[4] ?? match[5])
  const minutes = Number(match[3] ?? match[6] ?? 0)
  if (hours > 23 || minutes > 59) return undefined
  const ahead = hours * HOUR_MS + minutes * MINUTE_MS
  return fixedZone('GMT' + offsetText(match[1] ?? '+', hours, minutes), match[1] === '-' ? 0 - ahead : ahead)
}

function offsetText(sign: string, hours: number, minutes: number): string {
  return sign + String(hours).padStart(2, '0') + ':' + String(minutes).padStart(2, '0')
}

/** A stretch of time with one offset, `until` excluded. */
interface Season {
  readonly from: number
  readonly until: number
  readonly offset: number
}

/** Instants that Temporal can name end here. */
const TEMPORAL_LIMIT_MS = 8.64e15

/** More seasons than this are not kept: a hostile stream of timestamps must not fill the memory. */
const MAX_SEASONS = 512

class RuledZone implements TimeZone {
  readonly id: string
  readonly known = true
  readonly rules: string
  /** Ascending, without overlap. */
  #seasons: Season[] = []
  #latest: Season = { from: Infinity, until: -Infinity, offset: 0 }

  constructor(id: string, rules: string) {
    this.id = id
    this.rules = rules
  }

  offset(epochMs: number): number {
    const latest = this.#latest
    if (epochMs >= latest.from && epochMs < latest.until) return latest.offset
    return this.#seek(epochMs).offset
  }

  #seek(epochMs: number): Season {
    const at = this.#seasonsBefore(epochMs)
    const known = this.#seasons[at - 1]
    const season = known !== undefined && epochMs < known.until ? known : seasonAt(this.rules, epochMs)
    if (season !== known) {
      if (this.#seasons.length < MAX_SEASONS) this.#seasons.splice(at, 0, season)
      else this.#seasons = [season]
    }
    this.#latest = season
    return season
  }

  /** How many of the seasons kept begin at or before the instant. */
  #seasonsBefore(epochMs: number): number {
    let low = 0
    let high = this.#seasons.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#seasons[middle]?.from ?? Infinity) <= epochMs) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Before 1900 the JVM keeps to the standard time of today. */
const RULES_BEGIN_MS = Date.UTC(1900, 0)

function seasonAt(rules: string, epochMs: number): Season {
  if (epochMs < RULES_BEGIN_MS) {
    const offset = Math.min(
      ruledSeason(rules, Date.UTC(2025, 0)).offset,
      ruledSeason(rules, Date.UTC(2025, 6)).offset
    )
    return { from: -Infinity, until: RULES_BEGIN_MS, offset }
  }
  const season = ruledSeason(rules, epochMs)
  return { ...season, from: Math.max(season.from, RULES_BEGIN_MS) }
}

function ruledSeason(rules: string, epochMs: number): Season {
  const instant = Math.min(TEMPORAL_LIMIT_MS - 1, Math.floor(epochMs))
  const time = new Temporal.ZonedDateTime(BigInt(instant) * 1_000_000n, rules)
  const after = new Temporal.ZonedDateTime(BigInt(instant) * 1_000_000n + 1n, rules)
  return {
    from: after.getTimeZoneTransition('previous')?.epochMilliseconds ?? -Infinity,
    until: time.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity,
    offset: time.offsetNanoseconds / 1_000_000
  }
}
