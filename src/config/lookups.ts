import { cpus, tmpdir } from 'node:os'
import { delimiter, sep } from 'node:path'
import { userHome, userName } from '../java/system-user.ts'

/** What surrounds the agent, as `${env:…}`, `${sys:…}` and the others see it. */
export interface Surroundings {
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly properties: Readonly<Record<string, string>>
  /** Epoch milliseconds for `${date:…}`. */
  readonly now: number
  /** Formats `now` by a SimpleDateFormat pattern; throws for a bad one. */
  formatDate(pattern: string, time: number): string
}

/** Value of a name, or undefined when there is none. Throws when the name can never be looked up. */
export type Lookup = (name: string) => string | undefined

export type Lookups = ReadonlyMap<string, Lookup>

/** The four that Flume has unless a lookups file replaces them. */
export function defaultLookups(around: Surroundings): Lookups {
  return new Map([
    ['env', own(around.variables)],
    ['sys', systemProperty(around)],
    ['java', platform],
    ['date', dates(around)]
  ])
}

/** Where lookup classes may stand: `DefaultStringLookup` and its constants. */
const DEFAULT_STRING_LOOKUP = 'org.apache.commons.text.lookup.DefaultStringLookup.'

/**
 * The lookups that a lookups file names (prefix = DefaultStringLookup constant); `unknown` lists prefixes whose lookup
 * does not exist here. An empty file leaves the default four.
 */
export function lookupsOf(
  file: readonly { readonly key: string; readonly value: string }[],
  around: Surroundings
): { lookups: Lookups; unknown: readonly string[] } {
  if (file.length === 0) return { lookups: defaultLookups(around), unknown: [] }
  const available: Readonly<Record<string, Lookup>> = {
    ENVIRONMENT: own(around.variables),
    SYSTEM_PROPERTIES: systemProperty(around),
    JAVA_PLATFORM: platform,
    DATE: dates(around),
    CONST: constant,
    BASE64_DECODER: decodeBase64,
    BASE64_ENCODER: text => Buffer.from(text).toString('base64'),
    URL_DECODER: decodeUrl,
    URL_ENCODER: text => encodeURIComponent(text).replace(/%20/g, '+')
  }
  const lookups = new Map<string, Lookup>()
  const unknown: string[] = []
  for (const { key, value } of file) {
    const name = value.trim()
    const lookup = name.startsWith(DEFAULT_STRING_LOOKUP)
      ? available[name.slice(DEFAULT_STRING_LOOKUP.length)]
      : undefined
    if (lookup === undefined) unknown.push(key)
    else lookups.set(key.toLowerCase(), lookup)
  }
  return { lookups, unknown }
}

function own(record: Readonly<Record<string, string | undefined>>): Lookup {
  return name => (Object.hasOwn(record, name) ? record[name] : undefined)
}

/** What every JVM has set; `-D` wins. */
function systemProperty({ properties }: Surroundings): Lookup {
  return name => (Object.hasOwn(properties, name) ? properties[name] : standardProperty(name))
}

function standardProperty(name: string): string | undefined {
  switch (name) {
    case 'user.home':
      return userHome({ properties: {} })
    case 'user.name':
      return userName()
    case 'user.dir':
      return process.cwd()
    case 'user.language':
      return 'en'
    case 'user.country':
      return 'US'
    case 'java.io.tmpdir':
      return tmpdir()
    case 'file.separator':
      return sep
    case 'path.separator':
      return delimiter
    case 'file.encoding':
      return 'UTF-8'
    default:
      return undefined
  }
}

function dates({ now, formatDate }: Surroundings): Lookup {
  return pattern => {
    try {
      return pattern === '' ? '' : formatDate(pattern, now)
    } catch (error) {
      throw new Error(`Invalid date format: [${pattern}]`, { cause: error })
    }
  }
}

/** Java's platform words, answered for the machine that runs this. */
function platform(name: string): string {
  switch (name) {
    case 'version':
      return `Java version 17 (Millrace on Node.js ${process.versions.node})`
    case 'runtime':
      return `Node.js (build ${process.versions.node}) from the Node.js project`
    case 'vm':
      return `V8 (build ${process.versions.v8})`
    case 'os':
      return `${process.platform}, architecture: ${process.arch}`
    case 'hardware':
      return `processors: ${cpus().length}, architecture: ${process.arch}`
    case 'locale':
      return 'default locale: en_US, platform encoding: UTF-8'
    default:
      throw new Error(name)
  }
}

const CONSTANTS: Readonly<Record<string, string>> = {
  'java.lang.Integer.MAX_VALUE': '2147483647',
  'java.lang.Integer.MIN_VALUE': '-2147483648',
  'java.lang.Long.MAX_VALUE': '9223372036854775807',
  'java.lang.Long.MIN_VALUE': '-9223372036854775808'
}

const constant: Lookup = own(CONSTANTS)

function decodeBase64(text: string): string | undefined {
  const complete = text.length % 4 !== 1 && /^[A-Za-z0-9+/_-]*={0,2}$/.test(text)
  return complete ? Buffer.from(text, 'base64').toString() : undefined
}

function decodeUrl(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '))
  } catch {
    return undefined
  }
}
