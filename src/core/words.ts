/** Words of a text as Java's `split("\\s+")` finds them: a no-break space belongs to a word. */
export function wordsOf(text: string): string[] {
  return text.split(JAVA_BLANKS).filter(word => word !== '')
}

/** What Java's `\s` stands for. */
export const JAVA_BLANKS = /[ \t\n\v\f\r]+/
