/** Control characters but the tab, and those that turn the direction of writing. */
const UNPRINTABLE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** A text as one line that no terminal obeys: `\n`, `\r`, `\x1b` and `\u202e` stand for such characters. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, character => {
    const code = character.charCodeAt(0)
    if (character === '\n') return '\\n'
    if (character === '\r') return '\\r'
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })
}

/** The same for a text of several lines: they stay lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/** JSON with the characters escaped that JSON itself lets through and a terminal obeys. */
export function printableJson(json: string): string {
  return json.replaceAll(
    /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
}
