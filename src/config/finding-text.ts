/** Longest value, word or key that a finding shows, and longest sentence. */
const LONGEST_VALUE = 200
const LONGEST_SENTENCE = 1000

/** The text with values cut to about 200 characters: what stands in double quotes, and words without a blank. */
export function shortened(text: string): string {
  if (text.length <= LONGEST_VALUE) return text
  const cut = text.replaceAll(/"([^"]{200})[^"]+"/g, '"$1…"').replaceAll(/([^\s"]{200})[^\s"]+/g, '$1…')
  return cut.length <= LONGEST_SENTENCE ? cut : `${cut.slice(0, LONGEST_SENTENCE)}…`
}

/** Names in a row, and how many more there are where they are more than `most`. */
export function someOf(names: readonly string[], most: number): string {
  const told = names.slice(0, most).join(', ')
  return names.length > most ? `${told} and ${names.length - most} more` : told
}

/** Pieces of a value from this length on are hidden also where a sentence takes the value apart. */
const SHORTEST_PIECE = 4

/** What a sentence may repeat of a value: all of it, its words and their pieces, the longest first. */
export function secretsOf(value: string): string[] {
  const short = value.length > LONGEST_SENTENCE ? '' : value
  const pieces = [/\W+/, /[^\w.-]+/]
    .flatMap(between => short.split(between))
    .filter(piece => piece.length >= SHORTEST_PIECE)
  return [...new Set([value, ...short.split(/[\s,;|"]+/), ...pieces])]
    .filter(word => word !== '')
    .toSorted((one, other) => other.length - one.length)
}

/** The text with `***` for each of the words, where they stand by themselves. */
export function concealed(text: string, words: readonly string[]): string {
  return words.reduce((shown, word) => shown.replaceAll(alone(word), '***'), text)
}

/** Longer words stand by themselves anyway, and would make a regular expression too large. */
const LONGEST_WORD = 100

function alone(word: string): RegExp | string {
  if (word.length > LONGEST_WORD) return word
  return new RegExp(`(?<![\\w.])${RegExp.escape(word)}(?!\\w|\\.\\w)`, 'gu')
}
