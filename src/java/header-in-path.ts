/**
 * The values of headers as parts of the path that stands between `texts`: without NUL, and, where they would make a `..`
 * of their own and lead out of the folder, with `_` for their dots. Headers may come from anybody.
 */
export function headersInPath(texts: readonly string[], values: readonly string[]): readonly string[] {
  const clean = values.some(value => value.includes('\0'))
    ? values.map(value => value.replaceAll('\0', ''))
    : values
  if (!clean.some(value => value.includes('.'))) return clean
  const own = parents(
    filled(
      texts,
      clean.map(() => 'x')
    )
  )
  return parents(filled(texts, clean)) > own ? clean.map(value => value.replaceAll('.', '_')) : clean
}

/** The values between the texts, of which there is one more. */
export function filled(texts: readonly string[], values: readonly string[]): string {
  return values.reduce((path, value, at) => path + value + (texts[at + 1] ?? ''), texts[0] ?? '')
}

/** How many folders of a path are `..`; a NUL separates, too. */
function parents(path: string): number {
  return path.split(/[/\\\0]/).filter(part => part === '..').length
}
