import type { FileStatus, FileSystem } from './file-system.ts'
import { joinPath, normalizePath } from './paths.ts'

/**
 * What a path with Hadoop's wildcards (`*`, `?`, `[a-z]`, `[^a]`, `{a,b}`, `\` before a literal) stands for, sorted.
 * A path that exists as it is written stands for itself.
 */
export async function expandGlob(fileSystem: FileSystem, pattern: string): Promise<readonly FileStatus[]> {
  const exact = await fileSystem.stat(pattern)
  if (exact !== undefined) return [exact]
  if (!/[*?[{\\]/.test(pattern)) return []
  let found: FileStatus[] = []
  let folders = ['/']
  for (const part of normalizePath(pattern).split('/').slice(1)) {
    const matches = nameMatcher(part)
    found = []
    for (const folder of folders) found.push(...(await matching(fileSystem, folder, part, matches)))
    folders = found.filter(status => status.type === 'directory').map(status => status.path)
  }
  return found
}

async function matching(
  fileSystem: FileSystem,
  folder: string,
  part: string,
  matches: RegExp | undefined
): Promise<readonly FileStatus[]> {
  if (matches !== undefined)
    return (await fileSystem.list(folder)).filter(status => matches.test(status.name))
  const status = await fileSystem.stat(joinPath(folder, part))
  return status === undefined ? [] : [status]
}

const TOKENS =
  /\\(?<escaped>.)|\[(?<not>\^|!)?(?<set>(?:\\.|[^\]\\])+)\]|\{(?<names>[^{}]*)\}|(?<any>\*+)|(?<one>\?)|[^]/gu

/** The names a path part stands for; undefined when it has no wildcards. Unclosed brackets stand for themselves. */
export function nameMatcher(part: string): RegExp | undefined {
  if (!/[*?[{\\]/.test(part)) return undefined
  return new RegExp(`^${sourceOf(part)}$`, 'u')
}

function sourceOf(part: string): string {
  return [...part.matchAll(TOKENS)].map(match => tokenSource(match[0], match.groups ?? {})).join('')
}

function tokenSource(
  text: string,
  { escaped, not, set, names, any, one }: Readonly<Record<string, string | undefined>>
): string {
  if (escaped !== undefined) return RegExp.escape(escaped)
  if (set !== undefined) return `[${not === undefined ? '' : '^'}${setSource(set)}]`
  if (names !== undefined) return `(?:${names.split(',').map(sourceOf).join('|')})`
  if (any !== undefined) return '[^]*'
  return one === undefined ? RegExp.escape(text) : '[^]'
}

/** Inside of a class: `a-z` stays a range unless it runs backwards, everything else is literal. */
function setSource(set: string): string {
  const characters = [...set.replace(/\\(.)/gu, '$1')].map(
    character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  )
  return characters
    .map((character, i) => {
      const [before, after] = [characters[i - 1], characters[i + 1]]
      const isRange =
        character === '\\u{2d}' &&
        before !== undefined &&
        after !== undefined &&
        codeOf(before) <= codeOf(after)
      return isRange ? '-' : character
    })
    .join('')
}

function codeOf(escape: string): number {
  return Number.parseInt(escape.slice(3, -1), 16)
}
