import { readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Environment } from '../core/contracts.ts'
import { AgentError, systemCode } from '../core/errors.ts'
import { userHome, userName } from '../java/system-user.ts'
import { parseSiteFile } from './hadoop-xml.ts'

const MAX_FILE_BYTES = 4 * 1024 * 1024
const MAX_SUBSTITUTIONS = 20
const MAX_SHOWN = 200

/** Old names that Hadoop still reads, and what they are called now. */
const RENAMED: Readonly<Record<string, string>> = {
  'fs.default.name': 'fs.defaultFS',
  'dfs.block.size': 'dfs.blocksize',
  'dfs.federation.nameservices': 'dfs.nameservices',
  'dfs.http.address': 'dfs.namenode.http-address',
  'dfs.https.address': 'dfs.namenode.https-address'
}

interface Entry {
  readonly value: string
  readonly final: boolean
  readonly file: string
  readonly line: number
}

/** Settings of Hadoop's site files, later files over earlier ones, with `${…}` replaced when read. */
export class HadoopConfiguration {
  /** Folder of the core-site.xml; undefined when none was found. */
  readonly directory: string | undefined
  /** Where a core-site.xml was looked for, in this order. */
  readonly searched: readonly string[]
  /** Whole sentences with file and line. */
  readonly warnings: readonly string[]
  readonly #entries: ReadonlyMap<string, Entry>
  readonly #environment: Environment

  constructor(environment: Environment, found?: SiteSettings) {
    this.#environment = environment
    this.directory = found?.directory
    this.searched = folders(environment)
    this.warnings = found?.warnings ?? []
    this.#entries = found?.entries ?? new Map<string, Entry>()
  }

  /** Value of `name`, trimmed, variables replaced; undefined when not set. */
  get(name: string): string | undefined {
    const entry = this.#entries.get(RENAMED[name] ?? name)
    return entry === undefined ? undefined : this.#substitute(entry, name).trim()
  }

  /** Parts of a comma-separated value, without blanks and empty ones. */
  list(name: string): readonly string[] {
    return (this.get(name) ?? '')
      .split(',')
      .map(part => part.trim())
      .filter(part => part !== '')
  }

  /** A whole number such as `3`, or with a binary unit such as `128m`; ERR_CONFIG when it is something else. */
  integer(name: string): number | undefined {
    const text = this.get(name)
    if (text === undefined || text === '') return undefined
    const match = /^(\d{1,15})([kmgtpe]?)$/i.exec(text)
    const value =
      match === null ? NaN : Number(match[1]) * 1024 ** ' kmgtpe'.indexOf(match[2]?.toLowerCase() || ' ')
    if (!Number.isSafeInteger(value)) {
      throw new AgentError('ERR_CONFIG', 'The Hadoop setting must be a whole number.', {
        name,
        value: text,
        ...this.place(name)
      })
    }
    return value
  }

  /** File and line that set `name`. */
  place(name: string): { readonly file?: string; readonly line?: number } {
    const entry = this.#entries.get(RENAMED[name] ?? name)
    return entry === undefined ? {} : { file: entry.file, line: entry.line }
  }

  /** The default file system; `file:///` when no site file names one, as Hadoop does. */
  get defaultFileSystem(): string {
    return this.get('fs.defaultFS') || 'file:///'
  }

  /** Where the site files were found, or were looked for: a clause of a sentence. */
  get whence(): string {
    if (this.directory !== undefined) return `the site files are those of ${this.directory}`
    return this.searched.length === 0
      ? 'there are no site files, as neither --conf nor HADOOP_CONF_DIR nor HADOOP_HOME names a folder'
      : `no core-site.xml was found in ${this.searched.join(', ')}`
  }

  #substitute(entry: Entry, name: string): string {
    let value = entry.value
    // What stands before the last replaced variable has no value, but for a name that it became a part of.
    let from = 0
    for (let round = 0; round < MAX_SUBSTITUTIONS; round++) {
      const found = this.#firstVariable(value, from)
      if (found === undefined) return value
      from = Math.max(0, value.lastIndexOf('${', found.start - 1))
      value = value.slice(0, found.start) + found.value + value.slice(found.end)
      if (value.length > MAX_FILE_BYTES) break
    }
    throw new AgentError('ERR_CONFIG', 'A Hadoop setting refers to itself or nests too deeply.', {
      name,
      value: entry.value.slice(0, MAX_SHOWN),
      file: entry.file,
      line: entry.line
    })
  }

  #firstVariable(text: string, from: number): { start: number; end: number; value: string } | undefined {
    const pattern = /\$\{([^${} ]+)\}/g
    pattern.lastIndex = from
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const value = this.#variable(match[1] ?? '')
      if (value !== undefined) return { start: match.index, end: pattern.lastIndex, value }
    }
    return undefined
  }

  #variable(name: string): string | undefined {
    if (name.startsWith('env.')) return this.#environmentVariable(name.slice(4))
    return (
      this.#environment.properties[name] ??
      javaProperty(name) ??
      this.#entries.get(RENAMED[name] ?? name)?.value
    )
  }

  /** `NAME`, `NAME-default` (when not set) or `NAME:-default` (also when empty). */
  #environmentVariable(text: string): string | undefined {
    const match = /^([^:-]+)(:?-)?(.*)$/.exec(text)
    const value = this.#environment.variables[match?.[1] ?? text]
    const unset = match?.[2] === ':-' ? value === undefined || value === '' : value === undefined
    return unset && match?.[2] !== undefined ? match[3] : value
  }
}

interface SiteSettings {
  readonly directory: string
  readonly entries: ReadonlyMap<string, Entry>
  readonly warnings: readonly string[]
}

function javaProperty(name: string): string | undefined {
  switch (name) {
    case 'user.name':
      return userName()
    case 'user.home':
      return userHome({ properties: {} })
    case 'java.io.tmpdir':
      return tmpdir()
    default:
      return undefined
  }
}

/**
 * Reads core-site.xml and hdfs-site.xml from the first folder that has a core-site.xml: `--conf`, HADOOP_CONF_DIR,
 * $HADOOP_HOME/etc/hadoop (or HADOOP_PREFIX). Rejects bad files with ERR_CONFIG, file and line.
 */
export async function loadHadoopConfiguration(environment: Environment): Promise<HadoopConfiguration> {
  const having: string[] = []
  for (const folder of folders(environment)) {
    if (!having.includes(folder) && (await isThere(join(folder, 'core-site.xml')))) having.push(folder)
  }
  const [directory, ...others] = having
  if (directory === undefined) return new HadoopConfiguration(environment)
  const entries = new Map<string, Entry>()
  const warnings = others.map(
    other => `${join(directory, 'core-site.xml')} is used, ${join(other, 'core-site.xml')} is not.`
  )
  for (const name of ['core-site.xml', 'hdfs-site.xml'])
    warnings.push(...(await addFile(join(directory, name), entries)))
  return new HadoopConfiguration(environment, { directory, entries, warnings })
}

/** Reads one more site file by itself; what is not there has no settings. Rejects with ERR_CONFIG as above. */
export async function loadSiteFile(file: string, environment: Environment): Promise<HadoopConfiguration> {
  const entries = new Map<string, Entry>()
  const warnings = await addFile(file, entries)
  return new HadoopConfiguration(environment, { directory: dirname(file), entries, warnings })
}

function folders({ configDirectory, variables }: Environment): string[] {
  const home = variables['HADOOP_HOME'] || variables['HADOOP_PREFIX']
  const all = [configDirectory, variables['HADOOP_CONF_DIR'], home ? join(home, 'etc', 'hadoop') : undefined]
  return all.flatMap(folder => (folder === undefined || folder === '' ? [] : [folder]))
}

async function addFile(file: string, entries: Map<string, Entry>): Promise<readonly string[]> {
  const text = await readSite(file)
  if (text === undefined) return []
  const { properties, warnings } = parseSiteFile(text, file)
  for (const { name, value, final, line } of properties) {
    const current = RENAMED[name] ?? name
    if (entries.get(current)?.final !== true) entries.set(current, { value, final, file, line })
  }
  return warnings
}

async function readSite(file: string): Promise<string | undefined> {
  try {
    const { size } = await stat(file)
    if (size <= MAX_FILE_BYTES) return await readFile(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw new AgentError('ERR_CONFIG', 'The Hadoop site file cannot be read.', { file }, error)
  }
  throw new AgentError('ERR_CONFIG', 'The Hadoop site file is too large.', { file, maxBytes: MAX_FILE_BYTES })
}

async function isThere(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false
  )
}
