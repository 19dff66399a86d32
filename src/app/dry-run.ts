const SECRET = /^(-D[^=]*(?:password|passwd|secret|token)[^=]*=).+$/i
const SECRET_OPTIONS = ['-pwd', '--conf-password', '-conf-password']

/** The command that would run, with these words behind it, quoted for a shell, passwords left out. */
export function dryRunText(program: readonly string[], words: readonly string[]): string {
  const shown = words.map((word, at) => {
    if (SECRET_OPTIONS.includes(words[at - 1] ?? '')) return '***'
    return word.replace(SECRET, '$1***')
  })
  return [...program, ...shown].map(quoted).join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
