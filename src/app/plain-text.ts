type Variables = Readonly<Record<string, string | undefined>>

/** What our own texts have beyond ASCII, and what stands for it. */
const PLAIN: Record<string, string> = {
  '─': '-',
  '│': '|',
  '▶': '>',
  '·': '-',
  '’': "'",
  '…': '...'
}
for (const corner of '┌┬┐├┤└┴┘') PLAIN[corner] = '+'

/** Whether who reads our texts wants ASCII: the locale of the process is not a UTF-8 one. Windows has none of these. */
export function wantsPlainText(variables: Variables, platform: string = process.platform): boolean {
  const locale = variables['LC_ALL'] || variables['LC_CTYPE'] || variables['LANG'] || ''
  return platform !== 'win32' && !/utf-?8/i.test(locale)
}

/** One of our own texts in ASCII, as wide as before but for dots. */
export function plainText(text: string): string {
  return text.replaceAll(/[─│▶·’…┌┬┐├┤└┴┘]/g, character => PLAIN[character] ?? character)
}

/** One of our own texts for who reads it. */
export function ownText(text: string, variables: Variables): string {
  return wantsPlainText(variables) ? plainText(text) : text
}
