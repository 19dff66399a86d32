import { charSet, type CharSet } from './char-set.ts'

const collected = new Map<string, CharSet>()

/** The characters that a property of JavaScript's regular expressions holds, such as `L` or `Script=Greek`. */
export function property(name: string): CharSet {
  const known = collected.get(name)
  if (known !== undefined) return known
  const found = collect(new RegExp(`\\p{${name}}+`, 'gu'))
  collected.set(name, found)
  return found
}

const PLANE = 0x10000
const [FIRST_HALF, FIRST_LOW_HALF, LAST_HALF] = [0xd800, 0xdc00, 0xdfff]

function collect(run: RegExp): CharSet {
  const found: [number, number][] = []
  for (let plane = 0; plane <= 0x100000; plane += PLANE) {
    if (plane > 0) found.push(...runsIn(plane, plane + PLANE - 1, run))
    else found.push(...runsIn(0, FIRST_HALF - 1, run), ...runsIn(LAST_HALF + 1, PLANE - 1, run))
  }
  // Halves of pairs cannot stand side by side in a text without making one; they all have the same properties.
  run.lastIndex = 0
  if (run.test(String.fromCharCode(FIRST_HALF))) found.push([FIRST_HALF, LAST_HALF])
  return charSet(...found)
}

function runsIn(from: number, to: number, run: RegExp): [number, number][] {
  const units = from >= PLANE ? 2 : 1
  const bytes = Buffer.alloc(2 * units * (to - from + 1))
  for (let code = from, at = 0; code <= to; code++) {
    if (units === 2) at = bytes.writeUInt16LE(FIRST_HALF + ((code - PLANE) >> 10), at)
    at = bytes.writeUInt16LE(units === 2 ? FIRST_LOW_HALF + (code & 0x3ff) : code, at)
  }
  return Array.from(bytes.toString('utf16le').matchAll(run), match => [
    from + match.index / units,
    from + (match.index + match[0].length) / units - 1
  ])
}

/** The characters of a script, by its name in any case; undefined where there is no such one. */
export function script(name: string): CharSet | undefined {
  const titled = name.toLowerCase().replace(/(?:^|_)[a-z]/g, start => start.toUpperCase())
  try {
    return property(`Script=${titled === 'Signwriting' ? 'SignWriting' : titled}`)
  } catch {
    return undefined
  }
}

/** The blocks that are met in practice, by name without blanks, `-` and `_`, in lower case. */
const BLOCKS: Readonly<Record<string, readonly [number, number]>> = {
  basiclatin: [0, 0x7f],
  latin1supplement: [0x80, 0xff],
  latinextendeda: [0x100, 0x17f],
  latinextendedb: [0x180, 0x24f],
  greek: [0x370, 0x3ff],
  greekandcoptic: [0x370, 0x3ff],
  cyrillic: [0x400, 0x4ff],
  armenian: [0x530, 0x58f],
  hebrew: [0x590, 0x5ff],
  arabic: [0x600, 0x6ff],
  devanagari: [0x900, 0x97f],
  thai: [0xe00, 0xe7f],
  georgian: [0x10a0, 0x10ff],
  hanguljamo: [0x1100, 0x11ff],
  generalpunctuation: [0x2000, 0x206f],
  currencysymbols: [0x20a0, 0x20cf],
  arrows: [0x2190, 0x21ff],
  mathematicaloperators: [0x2200, 0x22ff],
  boxdrawing: [0x2500, 0x257f],
  cjksymbolsandpunctuation: [0x3000, 0x303f],
  hiragana: [0x3040, 0x309f],
  katakana: [0x30a0, 0x30ff],
  cjkunifiedideographsextensiona: [0x3400, 0x4dbf],
  cjkunifiedideographs: [0x4e00, 0x9fff],
  hangulsyllables: [0xac00, 0xd7af],
  privateusearea: [0xe000, 0xf8ff],
  halfwidthandfullwidthforms: [0xff00, 0xffef],
  specials: [0xfff0, 0xffff]
}

/** The characters of a block; undefined where it is not known here. */
export function block(name: string): CharSet | undefined {
  const key = name.toLowerCase().replace(/[ _-]/g, '')
  const range = Object.hasOwn(BLOCKS, key) ? BLOCKS[key] : undefined
  return range === undefined ? undefined : [range]
}
