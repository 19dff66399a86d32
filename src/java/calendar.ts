/**
 * A local time taken apart as java.util.GregorianCalendar does it: Julian calendar before 15 October 1582, Gregorian
 * from then on.
 */
export interface CalendarFields {
  /** Year as counted in its era; 1 BC follows 2 BC. */
  readonly year: number
  /** Year with 1 BC as 0 and 2 BC as -1. */
  readonly signedYear: number
  /** 0 is January. */
  readonly month: number
  readonly day: number
  /** 1 is 1 January. */
  readonly dayOfYear: number
  /** 0 is Sunday. */
  readonly weekday: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
}

const DAY_MS = 86_400_000

/** 15 October 1582 in days since 1970. */
const GREGORIAN_START_DAY = -141_427

/** 4 October 1582 was followed by the 15th. */
const DAYS_SKIPPED = 10

/** Takes apart a local time, given as milliseconds from 1970-01-01T00:00 local. */
export function calendarFields(localMs: number): CalendarFields {
  const epochDay = Math.floor(localMs / DAY_MS)
  const inDay = localMs - epochDay * DAY_MS
  const date = epochDay < GREGORIAN_START_DAY ? julianDate(epochDay) : gregorianDate(epochDay)
  return {
    year: date.year > 0 ? date.year : 1 - date.year,
    signedYear: date.year,
    month: date.month,
    day: date.day,
    dayOfYear: dayOfYear(date, epochDay < GREGORIAN_START_DAY),
    weekday: modulo(epochDay + 4, 7),
    hour: Math.floor(inDay / 3_600_000),
    minute: Math.floor(inDay / 60_000) % 60,
    second: Math.floor(inDay / 1000) % 60,
    millisecond: inDay % 1000
  }
}

interface PlainDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

/** Days are counted from 1 March of year 0, so that the leap day is the last of its year. */
function gregorianDate(epochDay: number): PlainDate {
  const days = epochDay + 719_468
  const era = Math.floor(days / 146_097)
  const inEra = days - era * 146_097
  const yearOfEra = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) / 365
  )
  const fromMarch = inEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  return fromMarchDate(era * 400 + yearOfEra, fromMarch)
}

function julianDate(epochDay: number): PlainDate {
  const days = epochDay + 719_470
  const cycle = Math.floor(days / 1461)
  const inCycle = days - cycle * 1461
  const yearOfCycle = Math.min(3, Math.floor(inCycle / 365))
  return fromMarchDate(cycle * 4 + yearOfCycle, inCycle - 365 * yearOfCycle)
}

function fromMarchDate(marchYear: number, fromMarch: number): PlainDate {
  const marchMonth = Math.floor((5 * fromMarch + 2) / 153)
  const day = fromMarch - Math.floor((153 * marchMonth + 2) / 5) + 1
  const month = marchMonth < 10 ? marchMonth + 2 : marchMonth - 10
  return { year: marchYear + (month < 2 ? 1 : 0), month, day }
}

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]

function dayOfYear({ year, month, day }: PlainDate, julian: boolean): number {
  const leap = month > 1 && isLeapYear(year, julian) ? 1 : 0
  const skipped = year === 1582 && !julian ? DAYS_SKIPPED : 0
  return (DAYS_BEFORE_MONTH[month] ?? 0) + day + leap - skipped
}

function isLeapYear(year: number, julian: boolean): boolean {
  return modulo(year, 4) === 0 && (julian || modulo(year, 100) !== 0 || modulo(year, 400) === 0)
}

/** How a country counts weeks. */
export interface WeekRules {
  /** 0 is Sunday. */
  readonly firstWeekday: number
  /** The first week of a year or month is the first with this many days in it. */
  readonly minimalDays: number
}

/** The week of the year, and the year that this week counts for (1 BC is 0). */
export function weekOfYear(fields: CalendarFields, rules: WeekRules): { week: number; weekYear: number } {
  const { signedYear } = fields
  const julian = signedYear < 1582
  const day = fields.dayOfYear - 1
  const week = weekNumber(day, fields.weekday, rules)
  if (week === 0) {
    const lengthBefore = isLeapYear(signedYear - 1, julian) ? 366 : 365
    return { week: weekNumber(day + lengthBefore, fields.weekday, rules), weekYear: signedYear - 1 }
  }
  const left = (isLeapYear(signedYear, julian) ? 366 : 365) - day
  const weekday = modulo(fields.weekday - rules.firstWeekday, 7)
  const daysInNextYear = 7 - weekday - left
  if (left + weekday < 7 && daysInNextYear >= rules.minimalDays) return { week: 1, weekYear: signedYear + 1 }
  return { week, weekYear: signedYear }
}

/** The week of the month; 0 where the first days belong to no week of it. */
export function weekOfMonth(fields: CalendarFields, rules: WeekRules): number {
  return weekNumber(fields.day - 1, fields.weekday, rules)
}

/** Number of the week that holds day `day` (from 0) of a period, when that day is such a weekday. */
function weekNumber(day: number, weekday: number, rules: WeekRules): number {
  const offset = modulo(weekday - day - rules.firstWeekday, 7)
  return Math.floor((day + offset) / 7) + (7 - offset >= rules.minimalDays ? 1 : 0)
}

function modulo(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor
}
