import type { WeekRules } from './calendar.ts'

/** The words and week rules that a date pattern needs. */
interface DateSymbols extends WeekRules {
  readonly months: readonly string[]
  readonly shortMonths: readonly string[]
  /** From Sunday. */
  readonly weekdays: readonly string[]
  readonly shortWeekdays: readonly string[]
  readonly dayHalves: readonly [am: string, pm: string]
  readonly eras: readonly [bc: string, ad: string]
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December'
]
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** American English, the language of every date that the agent writes. */
export const AMERICAN_SYMBOLS: DateSymbols = {
  months: MONTHS,
  shortMonths: MONTHS.map(month => month.slice(0, 3)),
  weekdays: WEEKDAYS,
  shortWeekdays: WEEKDAYS.map(day => day.slice(0, 3)),
  dayHalves: ['AM', 'PM'],
  eras: ['BC', 'AD'],
  firstWeekday: 0,
  minimalDays: 1
}
