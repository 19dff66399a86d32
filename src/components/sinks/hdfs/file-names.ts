/** The parts of a file name that the settings fix. */
export interface NameParts {
  readonly inUsePrefix: string
  readonly inUseSuffix: string
  /** Of the final name: `hdfs.fileSuffix`, or the codec's extension. */
  readonly suffix: string
}

/** Where one file is while it is written, and where it ends up. */
export interface FileNames {
  readonly inUse: string
  readonly final: string
}

/** What an in-use name says about its file. */
export interface ParsedName {
  /** The final name without counter and suffix. */
  readonly prefix: string
  readonly counter: number
}

/**
 * `<folder>/<inUsePrefix><prefix>.<counter><suffix><inUseSuffix>` while open,
 * `<folder>/<prefix>.<counter><suffix>` when complete.
 */
export function fileNames(folder: string, prefix: string, counter: number, parts: NameParts): FileNames {
  const name = `${prefix}.${counter}${parts.suffix}`
  return {
    inUse: join(folder, `${parts.inUsePrefix}${name}${parts.inUseSuffix}`),
    final: join(folder, name)
  }
}

/**
 * Reads in-use names that a sink with this prefix template gives. Undefined when open and complete files have the
 * same names, so that nobody can tell them apart.
 */
export function inUseNameReader(
  prefixTemplate: string,
  parts: NameParts
): ((name: string) => ParsedName | undefined) | undefined {
  if (parts.inUsePrefix === '' && parts.inUseSuffix === '') return undefined
  const prefix = prefixTemplate.split(ESCAPE).map(quote).join('.*')
  const [before, after] = [quote(parts.inUsePrefix), quote(parts.suffix + parts.inUseSuffix)]
  const pattern = new RegExp(`^${before}(${prefix})\\.(\\d{1,16})${after}$`, 's')
  return name => {
    const match = pattern.exec(name)
    if (match === null) return undefined
    return { prefix: match[1] ?? '', counter: Number(match[2]) }
  }
}

/** The leading folders of a path template that hold no escape, and the rest, which starts without a slash. */
export function splitTemplate(template: string): { constant: string; rest: string } {
  const escape = template.search(ESCAPE)
  if (escape < 0) return { constant: template, rest: '' }
  const slash = template.lastIndexOf('/', escape)
  return { constant: template.slice(0, slash + 1), rest: template.slice(slash + 1) }
}

/** Where a template has escape sequences. */
const ESCAPE = /%[A-Za-z0-9_%]|%\{[\w.-]+\}|%\[\w+\]/

/** Folder and name, with one slash between. */
export function join(folder: string, name: string): string {
  if (name === '') return folder
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`
}

function quote(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')
}
