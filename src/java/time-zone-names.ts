import type { TimeZone } from './time-zone.ts'

/** American names of a zone at some instant. */
export interface TimeZoneNames {
  readonly long: string
  readonly short: string
}

/**
 * Java's abbreviations. The runtime knows only the long names in English, and the abbreviations of America; both
 * daylight and standard names are listed. Where Unicode renamed a zone since, the new long name stands here.
 */
const ABBREVIATIONS = parseTable(`
  GMT Greenwich Mean Time; UTC Coordinated Universal Time; EST Eastern Standard Time; EDT Eastern Daylight Time;
  CST Central Standard Time; CDT Central Daylight Time; MST Mountain Standard Time; MDT Mountain Daylight Time;
  PST Pacific Standard Time; PDT Pacific Daylight Time; AKST Alaska Standard Time; AKDT Alaska Daylight Time;
  HST Hawaii-Aleutian Standard Time; HDT Hawaii-Aleutian Daylight Time; AST Atlantic Standard Time;
  ADT Atlantic Daylight Time; NST Newfoundland Standard Time; NDT Newfoundland Daylight Time;
  CST Cuba Standard Time; CDT Cuba Daylight Time; ART Argentina Standard Time; ARST Argentina Summer Time;
  BRT Brasilia Standard Time; BRST Brasilia Summer Time; VET Venezuela Time; COT Colombia Standard Time;
  COST Colombia Summer Time; PYT Paraguay Standard Time; PYST Paraguay Summer Time; BST British Summer Time;
  IST Irish Standard Time; WET Western European Standard Time; WEST Western European Summer Time;
  CET Central European Standard Time; CEST Central European Summer Time; EET Eastern European Standard Time;
  EEST Eastern European Summer Time; MSK Moscow Standard Time; MSD Moscow Summer Time; MSK Volgograd Standard Time;
  MSD Volgograd Summer Time; TRT Türkiye Standard Time; TRST Türkiye Summer Time; SAMT Samara Standard Time;
  SAMST Samara Summer Time; AZOT Azores Standard Time; AZOST Azores Summer Time; IST Israel Standard Time;
  IDT Israel Daylight Time; IRST Iran Standard Time; IRDT Iran Daylight Time; AST Arabian Standard Time;
  ADT Arabian Daylight Time; AMT Armenia Standard Time; AMST Armenia Summer Time; AFT Afghanistan Time;
  PKT Pakistan Standard Time; PKST Pakistan Summer Time; IST India Standard Time; NPT Nepal Time;
  BDT Bangladesh Standard Time; BDST Bangladesh Summer Time; MMT Myanmar Time; ALMT East Kazakhstan Time;
  QYZT West Kazakhstan Time; YEKT Yekaterinburg Standard Time; YEKST Yekaterinburg Summer Time;
  PETT Kamchatka Standard Time; PETST Kamchatka Summer Time; ICT Indochina Time; WIB Western Indonesia Time;
  CST China Standard Time; CDT China Daylight Time; HKT Hong Kong Standard Time; HKST Hong Kong Summer Time;
  SGT Singapore Standard Time; KST Korean Standard Time; KDT Korean Daylight Time; JST Japan Standard Time;
  JDT Japan Daylight Time; AWST Australian Western Standard Time; AWDT Australian Western Daylight Time;
  ACWST Australian Central Western Standard Time; ACWDT Australian Central Western Daylight Time;
  ACST Australian Central Standard Time; ACDT Australian Central Daylight Time; LHST Lord Howe Standard Time;
  LHDT Lord Howe Daylight Time; AEST Australian Eastern Standard Time; AEDT Australian Eastern Daylight Time;
  NZST New Zealand Standard Time; NZDT New Zealand Daylight Time; CHAST Chatham Standard Time;
  CHADT Chatham Daylight Time; WSST Samoa Standard Time; WSDT Samoa Daylight Time; SST American Samoa Standard Time;
  SDT American Samoa Daylight Time; FJT Fiji Standard Time; FJST Fiji Summer Time; TOT Tonga Standard Time;
  TOST Tonga Summer Time; NFT Norfolk Island Standard Time; NFDT Norfolk Island Daylight Time;
  SBT Solomon Islands Time; LINT Line Islands Time; MART Marquesas Time; MHT Marshall Islands Time;
  SAST South Africa Standard Time; WAT West Africa Time; CAT Central Africa Time; EAT East Africa Time
`)

function parseTable(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .trim()
      .split(/;\s*/)
      .map(entry => {
        const space = entry.indexOf(' ')
        return [entry.slice(space + 1), entry.slice(0, space)]
      })
  )
}

const FIXED_NAMES: Readonly<Record<string, TimeZoneNames>> = {
  GMT: { long: 'Greenwich Mean Time', short: 'GMT' },
  GMT0: { long: 'Greenwich Mean Time', short: 'GMT' },
  Greenwich: { long: 'Greenwich Mean Time', short: 'GMT' },
  'Etc/GMT': { long: 'Greenwich Mean Time', short: 'GMT' },
  UTC: { long: 'Coordinated Universal Time', short: 'UTC' },
  UCT: { long: 'Coordinated Universal Time', short: 'UTC' },
  Zulu: { long: 'Coordinated Universal Time', short: 'UTC' },
  Universal: { long: 'Coordinated Universal Time', short: 'UTC' },
  EST: { long: 'Eastern Standard Time', short: 'EST' },
  MST: { long: 'Mountain Standard Time', short: 'MST' },
  HST: { long: 'Hawaii Standard Time', short: 'HST' }
}

/** Returns the names as a function of the instant. 5 µs for the first instant of a quarter of an hour, then 5 ns. */
export function timeZoneNames(zone: TimeZone): (epochMs: number) => TimeZoneNames {
  const { rules } = zone
  if (rules === undefined) {
    const names = Object.hasOwn(FIXED_NAMES, zone.id) ? FIXED_NAMES[zone.id] : undefined
    return () => names ?? { long: zone.id, short: zone.id }
  }
  const format = new Intl.DateTimeFormat('en-US', { timeZone: rules, timeZoneName: 'long' })
  let quarter = NaN
  let names: TimeZoneNames = { long: '', short: '' }
  return epochMs => {
    const wanted = Math.floor(epochMs / QUARTER_MS)
    if (wanted !== quarter) {
      quarter = wanted
      names = namesAt(format, epochMs)
    }
    return names
  }
}

const QUARTER_MS = 900_000
const DATE_LIMIT_MS = 8.64e15

/** Before clocks were set by zones the runtime names an offset; Java gives the name of the standard time of today. */
const WINTERS = [Date.UTC(2025, 0), Date.UTC(2025, 6)] as const
const ZONES_BEGAN_MS = Date.UTC(1920, 0)

function namesAt(format: Intl.DateTimeFormat, epochMs: number): TimeZoneNames {
  const instant = Math.max(-DATE_LIMIT_MS, Math.min(DATE_LIMIT_MS, epochMs))
  let long = longName(format, instant)
  if (long.startsWith('GMT') && instant < ZONES_BEGAN_MS) {
    long = WINTERS.map(winter => longName(format, winter)).find(name => !isDaylight(name)) ?? long
  }
  return { long, short: ABBREVIATIONS.get(long) ?? long }
}

function longName(format: Intl.DateTimeFormat, epochMs: number): string {
  return format.formatToParts(epochMs).find(part => part.type === 'timeZoneName')?.value ?? ''
}

function isDaylight(name: string): boolean {
  return /Daylight|Summer|Irish/.test(name)
}
