import type { CharsetCodec } from './charset-codec.ts'

const NOTHING = Buffer.alloc(0)

/**
 * Decodes a text piece by piece. What a codec calls malformed at the very end of a piece may be the beginning of a
 * character, so it is looked at again together with the next piece. Costs what the pieces cost, however small they are.
 */
export function pieceDecoder(codec: CharsetCodec): (piece: Buffer) => string {
  const decode: CharsetCodec['decode'] =
    codec.newDecoder?.() ?? ((bytes, onBad) => codec.decode(bytes, onBad))
  let rest = NOTHING
  return piece => {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    let end = bytes.length
    const text = decode(bytes, (reason, at, length) => {
      if (reason === 'unmappable' || at + length < bytes.length) return '\uFFFD'
      end = at
      return ''
    })
    rest = end === bytes.length ? NOTHING : Buffer.from(bytes.subarray(end))
    return text
  }
}
